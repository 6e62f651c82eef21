"""``python -m deepmeme.jobs.hands``: the process behind a desk, which opens strangers' files.

Reads questions from standard input and writes answers to standard output until the server goes
away. Whatever a library prints goes to standard error.
"""

import argparse
import os
import sys
from importlib import import_module
from typing import Any

from deepmeme.choices import without_flags
from deepmeme.errors import DeepmemeError
from deepmeme.jobs.wire import Message, receive, send

QUESTIONS = {
    "look": "deepmeme.jobs.answer_look",
    "verify": "deepmeme.jobs.answer_verify",
    "traits": "deepmeme.jobs.answer_faces",
    "face": "deepmeme.jobs.answer_faces",
    "keep": "deepmeme.jobs.answer_faces",
    "puppet": "deepmeme.jobs.answer_puppet",
    "begin": "deepmeme.jobs.answer_live",
    "frame": "deepmeme.jobs.answer_live",
}
"""Who answers what: a function of the question's name, taking (question, blob)."""


def main() -> None:
    """Answer until nobody asks."""
    from deepmeme.jobs.limits import MEMORY_BYTES, confine

    parser = argparse.ArgumentParser(prog="python -m deepmeme.jobs.hands")
    parser.add_argument("--memory", type=int, default=MEMORY_BYTES, metavar="BYTES")
    confine(parser.parse_args().memory)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (question := receive(sys.stdin.buffer)) is not None:
        send(answers, answered(question))


def answered(question: Message) -> Message:
    """The answer, or what is wrong with the question."""
    name, path = question.said.pop("ask", None), str(question.said.get("path", ""))
    try:
        work = getattr(import_module(QUESTIONS[name]), name)
        answer: Message = work(question.said, question.blob)
        return answer
    except DeepmemeError as error:
        # where the file lies here is nobody's business
        words = without_flags(str(error)).replace(path or "\0", "The file")
        return _problem(type(error).__name__, words)
    except MemoryError:
        return _problem("InputError", "This file needs more memory than this server gives to one.")
    except Exception as error:  # a fault of ours must not take the desk down
        import logging

        logging.getLogger(__name__).exception("answering %r failed", name)
        return _problem("Fault", f"This is a fault in deepmeme: {type(error).__name__}.")


def _problem(kind: str, message: str) -> Message:
    said: dict[str, Any] = {"error": {"type": kind, "message": message}}
    return Message(said)


if __name__ == "__main__":
    main()
