from pathlib import Path

import pytest

from tests.pipelines.stub_engine import StubEngine
from tests.pipelines.studio import Studio, give_studio


@pytest.fixture
def studio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Studio:
    """A folder with a drawn picture and video, and a stub model behind every name."""
    return give_studio(tmp_path, monkeypatch, capfd, StubEngine())
