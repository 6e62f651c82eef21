"""A whole server in processes of its own: jobs are done, hostile files stop nobody else."""

from importlib.resources import files
from pathlib import Path
from time import monotonic, sleep

import httpx2
import numpy as np
import pytest

import deepmeme
from deepmeme.client import ServerError
from deepmeme.errors import InputError
from deepmeme.media.video import open_clip
from deepmeme.provenance.verify import verify
from deepmeme.web.keys import Keys
from deepmeme.web.options import ServeOptions
from deepmeme.web.server import serve as listen
from tests.web.conftest import TOKEN, address_of, serving, started

ASSETS = Path(str(files("deepmeme") / "demo_assets"))
SMALL = {"start": "1", "end": "1.4", "size": 96}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture(scope="module")
def client(address):
    with deepmeme.Client(address) as client:
        yield client


def test_a_picture_comes_to_life(client, tmp_path):
    job = client.animate(ASSETS / "statue.png", ASSETS / "driver.mp4", **SMALL)
    seen = [(step.state, step.facts["stage"]) for step in job.events()]
    assert seen[-1][0] == "done" and ("running", "render") in seen
    done = job.refresh()
    result = done.facts["result"]
    assert (result["width"], result["height"], result["frames"]) == (96, 96, 10)
    path = done.save(tmp_path / "statue.mp4")
    assert path.stat().st_size == result["bytes"]
    verdict = verify(path)
    assert verdict.state == "intact"
    text = str(verdict.as_dict()["credentials"])
    assert "statue" not in text and str(tmp_path) not in text
    frames = list(open_clip(path))
    assert len(frames) == 10
    assert max(np.abs(frames[0].astype(int) - frame).mean() for frame in frames) > 0.5
    assert list(tmp_path.iterdir()) == [path]  # no half file beside it


def test_the_same_again_as_a_gif(client, tmp_path):
    job = client.wait(client.animate("shelf:painting", "shelf:guest", **SMALL))
    gif = client.wait(job.again(format="gif", end="1.2"))
    assert gif.save(tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")
    job.delete()
    with pytest.raises(ServerError, match="no such job"):
        job.refresh()


def test_a_morph_between_dreamt_faces(client, address, tmp_path):
    wanted = {"faces": [{"seed": 1}, {"seed": 2, "edits": {"smile": 1}}], "seconds": 0.4}
    job = httpx2.post(f"{address}v1/morphs", json=wanted).json()
    done = client.wait(client.job(job["id"]))
    assert done.facts["result"]["width"] == 128
    assert verify(done.save(tmp_path / "m.mp4")).state == "intact"


def test_consent_is_asked_for(client, tmp_path):
    from PIL import Image

    mine = tmp_path / "me.jpg"
    Image.open(ASSETS / "painting.png").convert("RGB").rotate(2).save(mine)
    refused = client.wait(client.animate(mine, "shelf:driver", **SMALL))
    assert refused.state == "failed"
    assert refused.facts["error"]["type"] == "ConsentNeeded"
    with pytest.raises(ServerError, match="consent"):
        refused.save(tmp_path / "no.mp4")
    assert client.wait(client.animate(mine, "shelf:driver", consent=True, **SMALL)).state == "done"


def test_a_picture_without_end_is_refused_in_words(client, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes((ASSETS / "statue.png").read_bytes()[:5000])
    failed = client.wait(client.animate(bad, "shelf:driver", **SMALL))
    assert failed.state == "failed"
    message = failed.facts["error"]["message"]
    assert failed.facts["error"]["type"] == "InputError" and len(message) > 20
    assert "/files/" not in message and "/tmp" not in message


def test_too_long_a_clip(tmp_path):
    with serving(tmp_path / "root", "--max-seconds", "1") as address, deepmeme.Client(address) as c:
        failed = c.wait(c.animate("shelf:painting", "shelf:driver", size=96))
        assert failed.state == "failed" and "longer" in failed.facts["error"]["message"]


def test_a_killed_server_loses_nothing(tmp_path):
    """SIGKILL in the middle of a job: the next server finishes it, once."""
    root = tmp_path / "root"
    first = started(root)
    address = address_of(first)
    with deepmeme.Client(address) as client:
        jobs = [client.animate("shelf:painting", "shelf:driver", end="3", size=128) for _ in "ab"]
        until = monotonic() + 60
        while jobs[0].refresh().facts["done"] < 5 and monotonic() < until:
            sleep(0.05)
    first.kill()
    first.wait()
    assert first.stdout is not None
    first.stdout.close()
    with serving(root) as address, deepmeme.Client(address) as client:
        for job in jobs:
            done = client.wait(client.job(job.id))
            assert done.state == "done"
            assert verify(done.save(tmp_path / f"{job.id}.mp4")).state == "intact"


def test_only_one_server_a_folder_and_port(address, tmp_path):
    root = tmp_path / "root"
    with serving(root):
        other = ServeOptions(port=0, folder=str(root))
        with pytest.raises(InputError, match="served already"):
            listen(other, Keys({}), ready=lambda _: None)
    taken = ServeOptions(port=int(address.rstrip("/").rpartition(":")[2]), folder=str(root))
    with pytest.raises(InputError, match="--port"):
        listen(taken, Keys({}), ready=lambda _: None)


def test_tokens_reach_the_client(tmp_path):
    with serving(tmp_path, env={"DEEPMEME_TOKEN": TOKEN}) as address:
        with deepmeme.Client(address) as nobody, pytest.raises(ServerError, match="token") as no:
            nobody.jobs()
        assert (no.value.status, no.value.kind) == (401, "TokenNeeded")
        with deepmeme.Client(address, token=TOKEN) as client:
            assert client.jobs() == []


@pytest.mark.parametrize(
    ("words", "said"), [((), "made up for this run"), (("--no-token",), "Warning")]
)
def test_whoever_opens_it_to_others_is_told(tmp_path, monkeypatch, words, said):
    monkeypatch.delenv("DEEPMEME_TOKEN", raising=False)
    process = started(tmp_path, "--host", "0.0.0.0", "--workers", "0", *words)
    try:
        address = address_of(process)
        told = []
        for line in process.stdout:
            told.append(line)
            if "TLS" in line:
                break
        assert said in "".join(told)
        answer = httpx2.get(f"{address}v1/jobs")
        assert answer.status_code == (200 if words else 401)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
