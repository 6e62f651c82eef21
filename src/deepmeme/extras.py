"""Optional imports, with the line to type when they are missing."""

from importlib import import_module
from types import ModuleType

from deepmeme.errors import MissingExtra

BRINGS = {
    "train": ("torch", "lightning_fabric", "numba", "scipy", "onnx"),
    "client": ("httpx2",),
    "workshop": ("IPython", "ipywidgets", "matplotlib"),
}
"""Modules that only an extra installs."""


def require(module: str, *, extra: str) -> ModuleType:
    """Import ``module`` or say which extra brings it.

    Raises:
        MissingExtra: with the exact pip line.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(module, extra) from error


def missing_extra(error: BaseException) -> MissingExtra | None:
    """What to say of an import that failed because an extra is not installed; None for others."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    module = error.name.split(".")[0]
    extra = next((name for name, modules in BRINGS.items() if module in modules), None)
    return None if extra is None else _missing(module, extra)


def _missing(module: str, extra: str) -> MissingExtra:
    return MissingExtra(
        f"This needs {module!r}, which is not installed. Type: pip install 'deepmeme[{extra}]'"
    )
