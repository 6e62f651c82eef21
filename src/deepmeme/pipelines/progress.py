"""How a pipeline tells whoever waits how far it is."""

from typing import Literal, Protocol

Stage = Literal["load", "watch", "track", "render"]
"""load: the pictures and the model. watch: reading the driving video's movement. track: following
faces. render: making frames."""


class Progress(Protocol):
    """Called from the thread that runs the pipeline."""

    def begin(self, stage: Stage, total: int | None) -> None:
        """A stage of ``total`` frames starts; None where the number is not known."""
        ...

    def advance(self, frames: int) -> None:
        """``frames`` of the stage are done now, counted from its start."""
        ...


class Silent:
    """Tells nobody."""

    def begin(self, stage: Stage, total: int | None) -> None:
        pass

    def advance(self, frames: int) -> None:
        pass
