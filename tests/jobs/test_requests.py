"""What strangers may ask for, and what not."""

import pytest

from deepmeme.errors import InputError
from deepmeme.jobs.requests import ALLOWED, checked, motion_models

ANIMATION = {"sources": ["shelf:painting"], "driving": "shelf:driver"}
FACES = {"faces": [{"seed": 1}, {"seed": 2, "edits": {"smile": 1}}]}


def test_a_request_comes_back_whole_and_checks_again_to_the_same() -> None:
    for kind, request in (
        ("animate", {**ANIMATION, "options": {"caption_top": "Hi", "loop": 1}}),
        ("morph", FACES),
        ("swap", {"a": ["shelf:driver"], "b": ["A" * 16], "convert": "shelf:guest"}),
    ):
        once = checked(kind, request)
        assert checked(kind, once) == once
    assert checked("animate", ANIMATION)["format"] == "mp4"
    assert checked("animate", {**ANIMATION, "options": {"loop": 1}})["options"] == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"config": "/etc/passwd"}, "No such option here: config"),
        ({"device": "cuda"}, "No such option here: device"),
        ({"engine": "torch"}, "No such option here: engine"),
        ({"nonsense": 1}, "No such option here: nonsense"),
        ({"model": "/root/model"}, "no model '/root/model'"),
        ({"model": "fomm.vox"}, "no model"),  # known, and not on this machine
        ({"model": "gan"}, "no model"),
        ({"audio": "/etc/passwd"}, "The sound"),
        ({"size": 9999}, "--size"),
        ({"size": True}, "--size"),
        ({"multiplier": float("nan")}, "no number"),
        ({"caption_top": "a" * 201}, "201 letters"),
        ({"max_size": "8MB"}, "gif and webp"),
        ([], "an object"),
    ],
)
def test_options_that_are_not_for_strangers(options: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked("animate", {**ANIMATION, "options": options})


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("animate", {"sources": []}),
        ("animate", {"sources": ["shelf:painting"] * 10}),
        ("animate", {"sources": "shelf:painting"}),
        ("animate", {"driving": None}),
        ("animate", {"driving": "../../etc/passwd"}),
        ("animate", {"driving": "shelf:nothing"}),
        ("animate", {"format": "exe"}),
        ("animate", {"consent": "yes"}),
        ("animate", {"out": "/tmp/x"}),
        ("morph", {"faces": [{"seed": 1}]}),
        ("morph", {"faces": [{"seed": -1}, {"seed": 2}]}),
        ("morph", {"faces": [{"edits": {"smile": 99}}, {}]}),
        ("morph", {"faces": [{"edits": {"smile": float("inf")}}, {}]}),
        ("morph", {"seconds": float("nan")}),
        ("morph", {"model": "/root"}),
        ("swap", {"size": 100}),
        ("swap", {"again": "../.."}),
        ("swap", {"minutes": 0}),
        ("nonsense", {}),
    ],
)
def test_requests_that_do_not_fit(kind: str, change: dict[str, object]) -> None:
    good = {"animate": ANIMATION, "morph": FACES}.get(
        kind, {"a": ["shelf:driver"], "b": ["shelf:guest"], "convert": "shelf:guest"}
    )
    with pytest.raises(InputError):
        checked(kind, {**good, **change})


def test_strangers_choose_neither_paths_nor_devices() -> None:
    assert not ALLOWED & {"config", "device", "engine", "precision"}
    assert {"model", "audio", "caption_top", "label"} <= ALLOWED
    assert {"portrait", "toon"} <= set(motion_models())
