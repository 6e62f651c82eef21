"""What a run says of itself, line by line."""

from pathlib import Path

import pytest

from deepmeme.train.options import FitOptions
from deepmeme.train.report import Report, read_log


def test_what_is_told_now_and_then_is_averaged_over_those_steps(tmp_path: Path) -> None:
    report = Report(tmp_path, FitOptions(steps=4, log_every=4), step=0)
    for step in range(1, 5):
        losses = {"always": float(step)} | ({"slope": 8.0} if step == 2 else {})
        report.note(step, losses, 1.0, {"distance": 3.0} if step > 2 else {})
    report.close()
    (line,) = read_log(tmp_path)
    assert line["losses"] == {"always": 2.5, "slope": 8.0}
    assert line["notes"] == {"distance": pytest.approx(3.0)}
