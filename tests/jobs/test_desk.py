"""A desk outlives the process behind it."""

import asyncio
import sys
from textwrap import dedent

import pytest

from deepmeme.jobs.desk import Desk, DeskError, Refused
from deepmeme.jobs.wire import Message

_DEALS = """
import json, os, sys, time
def read():
    head = sys.stdin.buffer.read(8)
    a, b = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
    return json.loads(sys.stdin.buffer.read(a)), sys.stdin.buffer.read(b)
def say(told, blob=b""):
    text = json.dumps(told).encode()
    out = len(text).to_bytes(4, "big") + len(blob).to_bytes(4, "big") + text + blob
    sys.stdout.buffer.write(out); sys.stdout.buffer.flush()
"""


def _desk(body: str) -> Desk:
    return Desk((sys.executable, "-c", _DEALS + dedent(body)))


def _asked(desk: Desk, *questions: str, **more) -> list[Message | Exception]:
    async def all_of_them():
        answers = []
        for question in questions:
            try:
                answers.append(await desk.ask(question, **more))
            except Exception as error:
                answers.append(error)
        await desk.close()
        return answers

    return asyncio.run(all_of_them())


def test_the_real_process_answers_and_refuses():
    first, second, third = _asked(Desk(), "traits", "traits", "no such question", model="gan")
    assert "smile" in {row["name"] for row in first.said["traits"]}
    assert first == second
    assert isinstance(third, Refused) and third.kind == "Fault"
    (refused,) = _asked(Desk(), "face", model="/etc/passwd", seed=1, count=1, variety=1, edits={})
    assert isinstance(refused, Refused) and "gan or vae" in str(refused)


def test_it_has_the_memory_that_its_server_gives():
    (answer,) = _asked(Desk(memory_bytes=100 << 20), "traits", model="gan")
    assert isinstance(answer, Refused | DeskError)  # the networks need more


def test_a_death_is_told_and_the_next_question_answered():
    desk = _desk("""
        told, blob = read()
        if told["ask"] == "deadly": os.kill(os.getpid(), 11)
        say({"fine": told["ask"]}, b"x")
    """)
    died, lived = _asked(desk, "deadly", "harmless")
    assert isinstance(died, DeskError) and "started anew" in str(died)
    assert lived == Message({"fine": "harmless"}, b"x")


def test_whoever_takes_too_long_is_stopped():
    desk = _desk("""
        told, blob = read()
        if told["ask"] == "slow": time.sleep(60)
        say({"pid": os.getpid()})
    """)
    slow, quick = _asked(desk, "slow", "quick", within_s=1.5)
    assert isinstance(slow, DeskError) and "1.5 seconds" in str(slow)
    assert quick.said["pid"]


@pytest.mark.parametrize(
    "lie",
    [
        'sys.stdout.buffer.write(b"\\xff" * 64)',  # announces 8 GB
        'sys.stdout.buffer.write((3).to_bytes(4, "big") + bytes(4) + b"[1]")',
        'sys.stdout.buffer.write((3).to_bytes(4, "big") + bytes(4) + b"\\x80\\x04.")',  # a pickle
        'say({"half": 1}, b"x" * 10); sys.stdout.buffer.flush()',
    ],
)
def test_lies_are_not_believed(lie):
    """Of a process that a hostile file took over."""
    desk = _desk(f"read(); {lie}; sys.stdout.flush(); os._exit(0)")
    (answer,) = _asked(desk, "anything")
    assert isinstance(answer, DeskError) or answer.said == {"half": 1}


def test_answers_reach_whoever_asked():
    """Somebody who goes away while he waits leaves no answer behind for the next one."""
    desk = _desk("""
        while True:
            told, blob = read()
            time.sleep(told["takes"])
            say({"for": told["ask"]})
    """)

    async def run():
        gone = asyncio.create_task(desk.ask("first", takes=5))
        await asyncio.sleep(0.5)
        gone.cancel()
        answers = [await desk.ask(f"then {n}", takes=0) for n in range(3)]
        await desk.close()
        return [answer.said["for"] for answer in answers]

    assert asyncio.run(run()) == ["then 0", "then 1", "then 2"]


def test_an_idle_process_is_ended():
    desk = _desk("""
        while True:
            read(); say({"pid": os.getpid()})
    """)

    async def run():
        first = await desk.ask("a")
        await desk.rest(idle_s=100)
        same = await desk.ask("b")
        await desk.rest(idle_s=0)
        other = await desk.ask("c")
        await desk.close()
        return [answer.said["pid"] for answer in (first, same, other)]

    first, same, other = asyncio.run(run())
    assert first == same != other
