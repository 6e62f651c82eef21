"""What the commands in the documentation have to satisfy; what is ours is parsed, or really run."""

import importlib.util
import re
import shlex
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from tests.docs import program, service
from tests.docs.blocks import ROOT
from tests.docs.shell import Call, Fault

OTHERS = frozenset({
    "apt", "apt-get", "brew", "cat", "chmod", "chromium", "cp", "ffmpeg", "ffprobe", "find",
    "jupyter", "less", "ls", "mkdocs", "mv", "nginx", "npm", "open", "openssl", "pipx", "rm",
    "scp", "ssh", "systemctl", "tar", "unzip", "uv", "wget", "xdg-open",
})  # fmt: skip
"""Programs that are not ours: what of ours they are given has to exist."""

_TOP = frozenset({"benchmarks", "deploy", "docs", "notebooks", "src", "tests"})


def answer(call: Call) -> bytes:
    """What the command prints, if it is ours and cheap.

    Raises:
        Fault: no such command, option, file, target, extra or address; or it ran and failed.
    """
    call = _without_prefix(call)
    name = re.sub(r"^python3?(\.\d+)?$", "python", Path(call.words[0]).name)
    rule = RULES.get(name)
    if rule is None and name not in OTHERS:
        raise Fault(f"no rule says what {name!r} has to satisfy; see tests/docs/commands.py")
    for word in call.words[1:]:
        _exists(word)
    return b"" if rule is None else rule(call) or b""


def spoken(words: Sequence[str]) -> None:
    """Check a command that a sentence mentions; words may be missing.

    Raises:
        Fault: a command, option, target, extra or file of it does not exist.
    """
    name, *others = words
    if name == "deepmeme":
        program.parse(others, lenient=True)
    elif name == "python":
        _python_words(others, lenient=True)
    elif name == "make":
        _targets(others)
    elif name == "pip":
        _extras(others)


def _without_prefix(call: Call) -> Call:
    words = call.words
    while words[0] in ("sudo", "nice", "time", "env", "exec") or re.match(r"\w+=", words[0]):
        words = words[1:]
    return call._replace(words=words)


def _exists(word: str) -> None:
    """Refuse a path into this repository that leads nowhere."""
    path = word.split("=")[-1].removeprefix("@").removeprefix("./")
    if path.split("/")[0] in _TOP and "/" in path and not list(ROOT.glob(path.rstrip("/"))):
        raise Fault(f"{path} does not exist")


def _deepmeme(call: Call) -> bytes:
    return program.answer(call, call.words[1:])


def _python(call: Call) -> bytes | None:
    words = list(call.words[1:])
    if words[:2] == ["-m", "deepmeme"]:
        return program.answer(call, words[2:])
    if words[:2] == ["-m", "venv"]:
        (call.folder / words[2] / "bin").mkdir(parents=True, exist_ok=True)
        (call.folder / words[2] / "bin/activate").touch()
    elif words and words[0].endswith(".py") and not words[0].startswith("benchmarks/"):
        _there(call, words[0])
    else:
        _python_words(words)
    return None


def _python_words(words: Sequence[str], *, lenient: bool = False) -> None:
    if not words:
        return
    if words[0] == "-c":
        compile(words[1], "python -c", "exec")
    elif words[:2] == ["-m", "pip"]:
        _extras(words[2:])
    elif words[0] == "-m" and not words[1].startswith("deepmeme."):
        if importlib.util.find_spec(words[1]) is None:
            raise Fault(f"python knows no module {words[1]!r}")
    elif words[0] == "-m":
        program.parse_module(words[1], words[2:], lenient=lenient)
    elif words[0].endswith(".py"):
        _exists(words[0])
        program.parse_script(ROOT / words[0], words[1:], lenient=lenient)


def _torchrun(call: Call) -> None:
    words = call.words
    if "-m" not in words or words[words.index("-m") + 1] != "deepmeme":
        raise Fault("torchrun is expected to run `-m deepmeme`")
    program.parse(words[words.index("-m") + 2 :])


def _make(call: Call) -> None:
    _targets(call.words[1:])


def _targets(words: Sequence[str]) -> None:
    text = (ROOT / "Makefile").read_text()
    for word in words:
        if "=" not in word and not re.search(rf"^{re.escape(word)}:", text, re.MULTILINE):
            raise Fault(f"the Makefile has no target {word!r}")


def _pip(call: Call) -> None:
    _extras(call.words[1:])


def _extras(words: Sequence[str]) -> None:
    for word in words:
        asked = re.match(r"(?:\.|deepmeme)\[([\w,-]+)\]", word)
        for extra in asked[1].split(",") if asked else ():
            if extra not in _known_extras():
                raise Fault(f"pyproject.toml has no extra {extra!r}")


@cache
def _known_extras() -> frozenset[str]:
    text = (ROOT / "pyproject.toml").read_text()
    section = text.split("[project.optional-dependencies]")[1].split("\n[")[0]
    return frozenset(re.findall(r"^([\w-]+) = \[", section, re.MULTILINE))


def _curl(call: Call) -> None:
    for fault in service.faults_of_curl(call.words[1:], call.folder):
        raise Fault(fault)


def _docker(call: Call) -> None:
    for flag, file in pairwise(call.words):
        if flag in ("-f", "--file") and not (ROOT / file).is_file():
            raise Fault(f"{file} does not exist")


def _git(call: Call) -> None:
    """A clone is an empty folder."""
    if call.words[1] == "clone":
        address = next(word for word in call.words[2:] if "//" in word or word.startswith("git@"))
        (call.folder / Path(address).stem).mkdir(exist_ok=True)


def _mkdir(call: Call) -> None:
    for word in call.words[1:]:
        if not word.startswith("-"):
            (call.folder / word).mkdir(parents=True, exist_ok=True)


def _sh(call: Call) -> None:
    _there(call, call.words[1])


def _there(call: Call, file: str) -> None:
    if not (call.folder / file).exists():
        raise Fault(f"nothing has made {file}, and no reader is supposed to have it")


RULES: dict[str, Callable[[Call], bytes | None]] = {
    "deepmeme": _deepmeme, "python": _python, "torchrun": _torchrun, "make": _make, "pip": _pip,
    "curl": _curl, "docker": _docker, "git": _git, "mkdir": _mkdir, "sh": _sh, "bash": _sh,
}  # fmt: skip


def words_of(text: str) -> list[str]:
    """A command of a sentence as words."""
    return shlex.split(text, comments=True)
