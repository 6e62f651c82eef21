"""Optional imports, with the line to type when they are missing."""

from importlib import import_module
from types import ModuleType

from deepmeme.errors import MissingExtra


def require(module: str, *, extra: str) -> ModuleType:
    """Import ``module`` or say which extra brings it.

    Raises:
        MissingExtra: with the exact pip line.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"This needs {module!r}, which is not installed. Type: pip install 'deepmeme[{extra}]'"
        ) from error
