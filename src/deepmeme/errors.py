"""The errors a user can cause. Each says what was found, what was expected and what to do next.

Library code raises these and never prints, prompts or exits; only ``cli/main.py`` turns them into
text and exit code 2.
"""


class DeepmemeError(Exception):
    """Base of every error that deepmeme raises on purpose."""


class InputError(DeepmemeError, ValueError):
    """A file, picture, video or value from the user cannot be used as it is."""


class OutputError(DeepmemeError, OSError):
    """The result cannot be written: no space, no permission, or the path is one of the inputs."""


class NoFaceFound(InputError):
    """A face was asked for and none was found."""


class ModelNotFound(DeepmemeError, KeyError):
    """No model of that name or at that path."""

    def __str__(self) -> str:  # KeyError would quote the message
        return str(self.args[0]) if self.args else ""


class WeightsError(DeepmemeError, ValueError):
    """A checkpoint is damaged, hostile, or does not fit its configuration."""


class DownloadError(DeepmemeError, OSError):
    """Every address of a file failed."""


class MissingExtra(DeepmemeError, ImportError):
    """An optional package is needed for what was asked."""


class Interrupted(DeepmemeError):
    """The user stopped the work; what is done is kept and can be resumed."""
