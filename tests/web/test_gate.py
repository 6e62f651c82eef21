"""Who comes in: hosts, origins, tokens, sizes, rates."""

import pytest

from deepmeme.errors import InputError
from deepmeme.web.keys import Keys
from deepmeme.web.options import ServeOptions
from tests.web.conftest import TOKEN, opened, problem


def test_every_answer_has_the_safety_headers(api):
    for path in ("/v1/health", "/v1/nothing", "/", "/openapi.json"):
        headers = api.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_other_names_are_refused(api):
    """A page of another site that points its own name to 127.0.0.1 (DNS rebinding)."""
    answer = api.get("/v1/health", headers={"host": "evil.example"})
    assert problem(answer) == (421, "WrongHost")


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_other_sites_change_nothing(api, headers):
    answer = api.post("/v1/faces", json={"seed": 1}, headers=headers)
    assert problem(answer) == (403, "WrongOrigin")
    asked = api.options("/v1/faces", headers={**headers, "access-control-request-method": "POST"})
    assert "access-control-allow-origin" not in asked.headers


def test_own_origin_may(api):
    answer = api.post(
        "/v1/files", files={"file": b"no media"}, headers={"origin": "http://127.0.0.1"}
    )
    assert problem(answer) == (422, "InputError")


def test_large_bodies_are_not_read(tmp_path):
    with opened(tmp_path, max_upload="1MB") as client:
        answer = client.post("/v1/files", files={"file": b"\x89PNG\r\n\x1a\n" + bytes(3 << 20)})
        assert problem(answer) == (413, "TooLarge")

        def endless():
            for _ in range(64):
                yield bytes(1 << 16)

        answer = client.post(
            "/v1/files",
            content=endless(),
            headers={"content-type": "multipart/form-data; boundary=x"},
        )
        assert problem(answer) == (413, "TooLarge")
        answer = client.post("/v1/faces", content=b" " * (2 << 20))
        assert problem(answer) == (413, "TooLarge")


def test_too_many_requests(tmp_path):
    with opened(tmp_path, rate=2.0) as client:
        answers = [client.get("/v1/health") for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) - len(refused) <= 12
    assert problem(refused[0]) == (429, "TooMany")
    assert refused[0].headers["retry-after"]


def test_a_token_opens(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPMEME_TOKEN", TOKEN)
    with opened(tmp_path) as client:
        assert problem(client.get("/v1/jobs")) == (401, "TokenNeeded")
        assert problem(client.get("/metrics")) == (401, "TokenNeeded")
        assert client.get("/v1/session").json() == {
            "needs_token": True, "open": False, "here": True,
        }  # fmt: skip
        wrong = {"authorization": "Bearer something-else-entirely"}
        assert problem(client.get("/v1/jobs", headers=wrong)) == (401, "TokenNeeded")
        right = {"authorization": f"Bearer {TOKEN}"}
        assert client.get("/v1/jobs", headers=right).status_code == 200
        assert problem(client.post("/v1/session", json={"token": "x" * 20})) == (401, "TokenNeeded")
        entered = client.post("/v1/session", json={"token": TOKEN})
        cookie = entered.headers["set-cookie"]
        assert TOKEN not in cookie
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
        assert client.get("/v1/jobs").status_code == 200  # by the cookie
        client.delete("/v1/session")
        client.cookies.clear()
        assert client.get("/v1/jobs").status_code == 401


def test_each_name_sees_its_own(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("# who\nann  ann-has-a-long-token\nbob  bob-has-a-long-token\n")
    with opened(tmp_path / "root", token_file=str(tokens)) as client:
        ann = {"authorization": "Bearer ann-has-a-long-token"}
        bob = {"authorization": "Bearer bob-has-a-long-token"}
        wanted = {"faces": [{"seed": 1}, {"seed": 2}]}
        job = client.post("/v1/morphs", json=wanted, headers=ann).json()
        assert client.get(f"/v1/jobs/{job['id']}", headers=ann).status_code == 200
        for method, path in (("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/events")):
            answer = client.request(method, f"/v1/jobs/{job['id']}{path}", headers=bob)
            assert problem(answer) == (404, "JobNotFound")
        assert client.get("/v1/jobs", headers=bob).json() == {"jobs": []}


def test_who_others_can_reach_asks_for_a_token(monkeypatch):
    monkeypatch.delenv("DEEPMEME_TOKEN", raising=False)
    assert not Keys.of(ServeOptions()).needed
    assert not Keys.of(ServeOptions(host="localhost")).needed
    assert len(Keys.of(ServeOptions(host="0.0.0.0")).made_up) >= 24
    assert not Keys.of(ServeOptions(host="0.0.0.0", token=False)).needed


@pytest.mark.parametrize("text", ["", "short", "two words three", "\xff" * 40])
def test_bad_token_files(tmp_path, text):
    path = tmp_path / "tokens"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="token"):
        Keys.of(ServeOptions(token_file=str(path)))
