"""Lets bash read a block of shell, and answers each command that it would start by itself.

So quotes, pipes, loops, variables and redirections mean what they mean, and nothing is started:
bash finds no program, and asks here for all of them (``command_not_found_handle``).
"""

import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple


class Call(NamedTuple):
    """A command as bash would start it."""

    words: tuple[str, ...]
    line: int
    folder: Path
    given: bytes
    """What comes through a pipe."""
    to_terminal: bool
    """Whether what it prints is for people, not for a pipe or a file."""
    settings: dict[str, str]
    """The variables that are ours: DEEPMEME_*."""


Answer = Callable[[Call], bytes]
"""What a command prints. Raises a Fault if it is wrong."""


class Fault(AssertionError):
    """What a text shows does not hold."""


_READS = """\
PATH=/nowhere; . "$ASK"; trap begin DEBUG; set -eo pipefail
"""
_ASKS = """\
begin() {
  LINE=${BASH_LINENO[0]}
  case ${BASH_COMMAND%% *} in
    *=*) ;;
    */*) echo "bash: line $LINE: no programs by paths" >&2; exit 1 ;;
  esac
}
command_not_found_handle() {
  local given="" terminal="" file code name settings=()
  if [ -p /dev/stdin ]; then given=$ASK.given$BASHPID; command -p cat > "$given"; fi
  if [ /dev/stdout -ef /dev/stderr ]; then terminal=yes; fi
  for name in "${!DEEPMEME_@}"; do settings+=("$name=${!name}"); done
  exec 3<> "/dev/tcp/127.0.0.1/$DESK"
  printf '%s\\0' "$LINE" "$PWD" "$given" "$terminal" >&3
  printf '%s\\0' "${#settings[@]}" "${settings[@]}" "$#" "$@" >&3
  read -r -u 3 code file
  command -p cat "$file"
  return "$code"
}
"""


def run_shell(text: str, folder: Path, answer: Answer) -> list[tuple[int, str]]:
    """Run ``text`` in ``folder``; which lines are wrong, and why. It ends at the first."""
    with socket.create_server(("127.0.0.1", 0)) as door, tempfile.TemporaryDirectory() as desk:
        faults: list[tuple[int, str]] = []
        asks, said = Path(desk) / "ask", Path(desk) / "said"
        asks.write_text(_ASKS)
        settings = {name: os.environ[name] for name in os.environ if name.startswith("DEEPMEME_")}
        settings |= {"ASK": str(asks), "DESK": str(door.getsockname()[1])}
        command = ["bash", "--noprofile", "--norc", "-c", _READS + text]
        door.settimeout(0.02)
        with said.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=folder, env=settings, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            while process.poll() is None:
                _serve(door, Path(desk), answer, faults)
        finally:
            process.kill()
            process.wait()
        if process.returncode and not faults:
            complaint = re.search(
                r"bash: (?:-c: )?line (\d+): (.*)", said.read_text(errors="replace")
            )
            line, why = complaint.groups() if complaint else (2, f"ends with {process.returncode}")
            faults.append((int(line) - 1, why))
    return faults


def _serve(door: socket.socket, desk: Path, answer: Answer, faults: list[tuple[int, str]]) -> None:
    """One command, if there is one."""
    try:
        line, _ = door.accept()
    except TimeoutError:
        return
    with line, line.makefile("rwb") as talk:
        call = _heard(talk)
        code, out = 0, desk / "out"
        out.write_bytes(b"")
        try:
            out.write_bytes(answer(call))
        except Fault as fault:
            faults.append((call.line, str(fault)))
            code = 1
        talk.write(f"{code} {out}\n".encode())


def _heard(talk: BinaryIO) -> Call:

    def field() -> str:
        return b"".join(iter(lambda: talk.read(1), b"\0")).decode()

    def fields() -> list[str]:
        return [field() for _ in range(int(field()))]

    line, folder, given, terminal = int(field()) - 1, Path(field()), field(), field()
    settings = dict(setting.split("=", 1) for setting in fields())
    content = Path(given).read_bytes() if given else b""
    return Call(tuple(fields()), line, folder, content, bool(terminal), settings)
