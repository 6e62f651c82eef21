"""Without an extra a command says what to type; it is no fault."""

import json
import subprocess
import sys

import pytest

from deepmeme.extras import missing_extra

WITHOUT_TORCH = """
import sys

class NoTorch:
    @staticmethod
    def find_spec(name, *_):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoTorch)
from deepmeme.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "words",
    [
        ["train", "motion", "--data", "x", "-o", "y"],
        ["swap", "train", "a", "b", "-o", "c"],
        ["demo", "swap"],
    ],
)
def test_training_without_torch_names_the_extra(words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words, "--json"], capture_output=True, text=True
    )
    assert ended.returncode == 2, ended.stderr
    error = json.loads(ended.stdout)["error"]
    assert error["type"] == "MissingExtra" and "pip install 'deepmeme[train]'" in error["message"]


def test_other_imports_that_fail_are_faults() -> None:
    assert missing_extra(ModuleNotFoundError("x", name="deepmeme.nonsense")) is None
    assert missing_extra(ValueError("torch")) is None
