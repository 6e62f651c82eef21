"""OpenVINO's core, one for the whole process.

Its CPU plugin gives the thread that makes it a stack for signals and takes that away when it goes
(AMX needs a large one). With several cores one's end takes another's stack, and the next Ctrl-C
ends the process with a segmentation fault. So there is one, and it stays.
"""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def openvino_core() -> Any:
    """An ``openvino.Core``."""
    import openvino

    return openvino.Core()


def name_of(port: Any) -> str:
    """The name that the stage was given; ONNX adds others, which begin with a slash."""
    return str(min(port.get_names(), key=lambda name: (name.startswith("/"), name)))
