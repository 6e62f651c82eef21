"""Who wants to hear how a run goes while it runs: a queue that shows it to somebody."""

from collections.abc import Mapping
from typing import Protocol

from deepmeme.train.task import Picture


class Listener(Protocol):
    """Called in the thread that trains. What it raises ends the run at once, without a checkpoint:
    the run goes on from its last one."""

    def stepped(self, step: int, seconds: float, losses: Mapping[str, float]) -> bool:
        """So many good steps are done, after ``seconds`` of learning in all sessions; ``losses``
        are means over the last one's batch. False: stop here, with a checkpoint."""

    def shown(self, step: int, picture: Picture) -> None:
        """A contact sheet was made."""
