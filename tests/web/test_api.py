"""The API at its edge, without a worker: what is taken, answered at once, and refused."""

import re
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.web.conftest import opened, problem

ASSETS = files("deepmeme") / "demo_assets"


@pytest.fixture(scope="module")
def statue(api):
    answer = api.post("/v1/files", files={"file": ("../../x.php", _asset("statue.png"))})
    assert answer.status_code == 201
    return answer.json()


def _asset(name):
    return (ASSETS / name).read_bytes()


def test_what_the_server_is(api):
    told = api.get("/v1/health").json()
    assert told["status"] == "ok" and told["queued"] >= 0
    names = {model["name"] for model in api.get("/v1/models").json()["models"]}
    assert {"portrait", "toon", "gan", "vae"} <= names
    options = {row["name"]: row for row in api.get("/v1/options").json()["options"]}
    assert options["multiplier"]["high"] == 5.0 and options["relative"]["type"] == "bool"
    assert not {"device", "config", "engine"} & set(options)
    shelf = api.get("/v1/shelf").json()
    assert api.get(shelf["pictures"][0]["url"]).content == _asset("painting.png")
    for row in shelf["driving"]:
        assert api.get(row["url"]).headers["content-type"] == "video/mp4"
    assert problem(api.get("/v1/shelf/__init__")) == (404, "NotFound")


def test_a_file_is_told_by_its_bytes(api, statue):
    assert (statue["kind"], statue["format"]) == ("picture", "png")
    clip = api.post("/v1/files", files={"file": ("me.png", _asset("driver.mp4"))}).json()
    assert (clip["kind"], clip["format"]) == ("video", "mp4")
    assert api.delete(f"/v1/files/{clip['ref']}").status_code == 204
    assert problem(api.post("/v1/looks", json={"ref": clip["ref"]})) == (404, "NotFound")


@pytest.mark.parametrize("name", ["../../../etc/passwd", "shelf:__init__", "", "x" * 16, "a/b"])
def test_no_path_of_a_client_is_followed(api, name):
    assert api.post("/v1/looks", json={"ref": name}).status_code in (404, 422)
    wanted = {"sources": [name], "driving": "shelf:driver"}
    assert api.post("/v1/animations", json=wanted).status_code in (404, 422)
    assert api.get(f"/v1/jobs/{name}/result").status_code in (404, 405)


def test_a_look_at_a_picture(api, statue):
    seen = api.post("/v1/looks", json={"ref": statue["ref"]}).json()
    assert (seen["width"], seen["height"]) == (512, 512)
    assert seen["found_face"] and len(seen["faces"]) == 1
    assert seen["thumb"].startswith("data:image/jpeg;base64,")
    assert not seen["asks_consent"]  # it comes with deepmeme, under whatever name
    clip = api.post("/v1/looks", json={"ref": "shelf:driver"}).json()
    assert clip["kind"] == "video" and clip["seconds"] > 2 and clip["fps"] > 10


def test_somebody_elses_picture_asks_for_consent(api):
    picture = Image.open(BytesIO(_asset("painting.png"))).convert("RGB").rotate(2)
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=90)
    ref = api.post("/v1/files", files={"file": stream.getvalue()}).json()["ref"]
    assert api.post("/v1/looks", json={"ref": ref}).json()["asks_consent"]


def test_faces_are_painted_and_marked(api):
    one = api.post("/v1/faces", json={"seed": 7})
    assert one.headers["content-type"] == "image/jpeg"
    assert one.content != api.post("/v1/faces", json={"seed": 8}).content
    smiling = api.post("/v1/faces", json={"seed": 7, "edits": {"smile": 2}})
    plain, changed = (np.asarray(Image.open(BytesIO(a.content)), float) for a in (one, smiling))
    assert 1 < np.abs(plain - changed).mean() < 40
    verdict = api.post("/v1/verify", files={"file": one.content}).json()
    assert verdict["watermark"] is not None
    traits = api.get("/v1/faces/traits?model=vae").json()["traits"]
    assert "smile" in {row["name"] for row in traits}
    assert problem(api.post("/v1/faces", json={"edits": {"wings": 1}}))[0] == 422


def test_a_kept_face_is_a_signed_picture(api):
    kept = api.post("/v1/faces", json={"seed": 3, "keep": True})
    assert kept.status_code == 201
    verdict = api.post("/v1/verify", json={"ref": kept.json()["ref"]}).json()
    assert verdict["state"] == "intact"
    assert "file" not in verdict  # where it lies on the server is nobody's business
    given = api.get(f"/v1/files/{kept.json()['ref']}")
    assert given.content.startswith(b"\x89PNG")
    assert given.headers["content-disposition"].startswith("attachment")
    assert problem(api.get("/v1/files/AAAAAAAAAAAAAAAA")) == (404, "NotFound")
    seen = api.post("/v1/looks", json={"ref": kept.json()["ref"]}).json()
    assert seen["found_face"] and not seen["asks_consent"]


def test_verify_keeps_nothing(tmp_path):
    with opened(tmp_path) as client:
        verdict = client.post("/v1/verify", files={"file": _asset("statue.png")}).json()
        assert verdict["state"] == "unmarked"
        assert list((tmp_path / "files").iterdir()) == []


def test_the_same_key_is_the_same_job(api, statue):
    wanted = {"sources": [statue["ref"]], "driving": "shelf:driver", "options": {"end": "1"}}
    key = {"idempotency-key": "once"}
    first = api.post("/v1/animations", json=wanted, headers=key)
    again = api.post("/v1/animations", json=wanted, headers=key)
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == f"/v1/jobs/{first.json()['id']}"
    other = {**wanted, "format": "gif"}
    assert problem(api.post("/v1/animations", json=other, headers=key)) == (409, "KeyReused")
    without = api.post("/v1/animations", json=wanted).json()
    assert without["id"] != first.json()["id"]


def test_the_same_form_and_key_is_the_same_job(api):
    def ask(name):
        return api.post(
            "/v1/animations",
            files=[("source", _asset(name)), ("driving", _asset("guest.mp4"))],
            data={"options": '{"end": "1"}', "consent": "true"},
            headers={"idempotency-key": "a form"},
        )

    first = ask("statue.png")
    assert first.status_code == 202 and first.json()["id"] == ask("statue.png").json()["id"]
    assert problem(ask("painting.png")) == (409, "KeyReused")


def test_jobs_wait_are_cancelled_and_go(tmp_path):
    with opened(tmp_path, max_queued=3) as client:
        wanted = {"sources": ["shelf:painting"], "driving": "shelf:driver"}
        jobs = [client.post("/v1/animations", json=wanted).json() for _ in range(3)]
        assert [job["position"] for job in jobs] == [0, 1, 2]
        assert problem(client.post("/v1/animations", json=wanted)) == (429, "TooMany")
        first, second = jobs[0]["id"], jobs[1]["id"]
        assert client.post(f"/v1/jobs/{first}/cancel").json()["state"] == "cancelled"
        assert client.get(f"/v1/jobs/{second}").json()["position"] == 0
        assert problem(client.get(f"/v1/jobs/{first}/result")) == (404, "NotYet")
        with client.stream("GET", f"/v1/jobs/{first}/events") as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            text = "".join(events.iter_text())
        assert text.count("event: job\n") == 1 and '"cancelled"' in text
        assert client.delete(f"/v1/jobs/{first}").status_code == 204
        assert problem(client.get(f"/v1/jobs/{first}")) == (404, "JobNotFound")
        again = client.post(f"/v1/jobs/{second}/again", json={"format": "gif"})
        assert again.status_code == 202 and again.json()["id"] != second


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({}, "sources"),
        ({"sources": [], "driving": "shelf:driver"}, "sources"),
        ({"sources": ["shelf:painting"], "driving": "shelf:driver", "wings": 1}, "wings"),
        ({"options": {"multiplier": 99}}, "multiplier"),
        ({"options": {"device": "cuda"}}, "device"),
        ({"options": {"model": "/etc/passwd"}}, "model"),
        ({"options": {"audio": "/etc/passwd"}}, "audio"),
        ({"options": {"start": "3", "end": "2"}}, "end 2 is not after start 3"),
        ({"options": {"caption_top": "x" * 300}}, "caption_top"),
        ({"format": "exe"}, "format"),
        ({"options": {"max_size": "8MB"}, "format": "mp4"}, "max_size"),
    ],
)
def test_bad_requests_say_what_does_not_fit(api, wanted, word):
    usual = {"sources": ["shelf:painting"], "driving": "shelf:driver"} if wanted else {}
    answer = api.post("/v1/animations", json={**usual, **wanted})
    assert problem(answer) == (422, "InputError")
    assert word in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"null", b'"x"'])
@pytest.mark.parametrize("path", ["/v1/animations", "/v1/verify", "/v1/looks", "/v1/session"])
def test_bodies_that_are_no_request(api, path, body):
    answer = api.post(path, content=body, headers={"content-type": "application/json"})
    assert problem(answer)[0] in (400, 422)


def test_full_disk(tmp_path):
    with opened(tmp_path, quota="1MB") as client:
        answer = client.post("/v1/files", files={"file": _asset("painting.png") + bytes(2 << 20)})
        assert problem(answer) == (507, "NoRoom")
        wanted = {"sources": ["shelf:painting"], "driving": "shelf:driver"}
        assert problem(client.post("/v1/animations", json=wanted)) == (507, "NoRoom")


def test_the_page_and_its_letters_are_there(api):
    page = api.get("/")
    assert page.status_code == 200 and "<script" in page.text
    for found in re.findall(r'(?:src|href)="([a-z/.-]+)"', page.text):
        assert api.get(f"/{found}").status_code == 200, found
    assert api.get("/fonts/anton-latin.woff").content[:4] == b"wOFF"
    assert problem(api.get("/../../etc/passwd"))[0] == 404


def test_metrics_name_routes_and_not_paths(api):
    api.get("/v1/jobs/AAAAAAAAAAAAAAAA")
    text = api.get("/metrics").text
    assert 'route="/v1/jobs/{id}"' in text and "AAAAAAAAAAAAAAAA" not in text
    assert 'deepmeme_jobs{state="queued"}' in text
