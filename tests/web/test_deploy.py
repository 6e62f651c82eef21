"""What deploy/ says is understood: flags exist, files parse, nothing listens without a token."""

import re
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from deepmeme.choices import flag_name
from deepmeme.web.app import create_app, open_service
from deepmeme.web.options import ServeOptions
from tests.web.conftest import problem

DEPLOY = Path(__file__).parents[2] / "deploy"
FLAGS = {flag_name(name) for name in ServeOptions.__dataclass_fields__} | {"--no-token", "--page"}


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda", "compose.yaml", "nginx.conf"])
def test_flags_exist(name):
    text = (DEPLOY / name).read_text()
    lines = [line for line in text.splitlines() if "serve" in line or "command" in line]
    said = set(re.findall(r"--[a-z][a-z-]+", " ".join(lines))) - {"--rm", "--gpus", "--server"}
    assert said and said <= FLAGS


def test_compose_parses_and_asks_for_a_token():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    studio = services["deepmeme"]
    assert ":?" in studio["environment"]["DEEPMEME_TOKEN"]
    assert studio["cap_drop"] == ["ALL"] and studio["read_only"]
    assert (DEPLOY.parent / studio["build"]["dockerfile"]).is_file()
    assert "ports" not in studio  # only the proxy is reached from outside


def test_the_unit_names_what_exists():
    text = (DEPLOY / "deepmeme.service").read_text()
    assert re.findall(r"--[a-z-]+", text.split("ExecStart=")[1].splitlines()[0]) == ["--folder"]
    assert "DynamicUser=yes" in text and "NoNewPrivileges=yes" in text


def test_behind_a_proxy_each_client_has_its_own_rate(tmp_path):
    """As `--proxy` sets it up: one busy client is slowed down, another is not."""
    app = create_app(open_service(ServeOptions(folder=str(tmp_path), rate=2.0, workers=0)))
    behind = ProxyHeadersMiddleware(app, trusted_hosts="testclient")
    with TestClient(behind, base_url="http://127.0.0.1") as client:
        busy, calm = {"x-forwarded-for": "203.0.113.1"}, {"x-forwarded-for": "203.0.113.2"}
        answers = [client.get("/v1/health", headers=busy) for _ in range(30)]
        assert problem(answers[-1]) == (429, "TooMany")
        assert client.get("/v1/health", headers=calm).status_code == 200
