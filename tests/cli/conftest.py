from pathlib import Path

import pytest

from tests.pipelines.stub_engine import StubEngine
from tests.pipelines.studio import Studio, give_studio


@pytest.fixture
def studio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Studio:
    """``deepmeme`` with a stub model that works on whole pictures of any kind."""
    return give_studio(tmp_path, monkeypatch, capfd, StubEngine())
