"""Progress on a terminal, and numbers for people."""

import io

import pytest
from rich.console import Console

from deepmeme.cli.console import bars, human_bytes, human_seconds


def shown(*, quiet: bool) -> str:
    """Everything that the stages of a run write to a terminal."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    with bars(console, quiet=quiet) as progress:
        progress.begin("load", None)
        progress.begin("watch", 40)
        for done in (10, 40):
            progress.advance(done)
        progress.begin("render", 40)
        progress.advance(20)
        progress._progress.refresh()
    return stream.getvalue()


def test_bars_count_frames_and_time() -> None:
    text = shown(quiet=False)
    for word in ("Watching the driver", "Rendering", "20/40", "fps", ":"):
        assert word in text


def test_quiet_is_quiet() -> None:
    assert "Rendering" not in shown(quiet=True)


@pytest.mark.parametrize(
    ("count", "text"), [(12, "12 bytes"), (2_400, "2.4 KB"), (3_100_000, "3.1 MB"), (4e9, "4.0 GB")]
)
def test_bytes(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(4.21, "4.2 s"), (75, "1 min 15 s")])
def test_seconds(seconds: float, text: str) -> None:
    assert human_seconds(seconds) == text
