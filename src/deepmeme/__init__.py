"""deepmeme brings a still picture to life.

>>> import deepmeme
>>> deepmeme.animate("me.jpg", "dance.mp4").save("result.mp4")

Names load when they are first used, so that importing deepmeme costs nothing.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepmeme.client import Client as Client
    from deepmeme.pipelines.animate import animate as animate
    from deepmeme.pipelines.dream import Dream as Dream
    from deepmeme.pipelines.dream import load_dream as load_dream
    from deepmeme.pipelines.motion_model import MotionModel as MotionModel
    from deepmeme.pipelines.motion_model import load_model as load_model
    from deepmeme.pipelines.options import AnimateOptions as AnimateOptions
    from deepmeme.pipelines.swap.convert import convert as swap_faces
    from deepmeme.pipelines.swap.extract import extract_faces as extract_faces
    from deepmeme.provenance.verify import Verdict as Verdict
    from deepmeme.provenance.verify import verify as verify

try:
    __version__ = version("deepmeme")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"

_PUBLIC = {
    "AnimateOptions": "deepmeme.pipelines.options",
    "Client": "deepmeme.client",
    "Dream": "deepmeme.pipelines.dream",
    "MotionModel": "deepmeme.pipelines.motion_model",
    "animate": "deepmeme.pipelines.animate",
    "Verdict": "deepmeme.provenance.verify",
    "extract_faces": "deepmeme.pipelines.swap.extract",
    "load_dream": "deepmeme.pipelines.dream",
    "load_model": "deepmeme.pipelines.motion_model",
    "swap_faces": "deepmeme.pipelines.swap.convert:convert",
    "verify": "deepmeme.provenance.verify",
}

__all__ = [
    "AnimateOptions",
    "Client",
    "Dream",
    "MotionModel",
    "Verdict",
    "__version__",
    "animate",
    "extract_faces",
    "load_dream",
    "load_model",
    "swap_faces",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module, _, other = _PUBLIC[name].partition(":")
        return getattr(import_module(module), other or name)
    raise AttributeError(f"module 'deepmeme' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
