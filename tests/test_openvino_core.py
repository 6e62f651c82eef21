"""One core for the whole process: when one of several went, the next Ctrl-C was a crash."""

import signal
from pathlib import Path

import numpy as np
import pytest

import deepmeme
from deepmeme.faces.finder import sight_faces
from deepmeme.openvino_core import openvino_core

HERE = Path(deepmeme.__file__).parent


def test_nobody_makes_another_core() -> None:
    makers = [
        str(file.relative_to(HERE))
        for file in HERE.rglob("*.py")
        if "Core()" in file.read_text(encoding="utf-8")
    ]
    assert makers == ["openvino_core.py"]
    assert openvino_core() is openvino_core()


def test_ctrl_c_is_an_exception_after_networks_came_and_went() -> None:
    sight_faces(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
