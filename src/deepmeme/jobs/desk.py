"""Small questions about strangers' files, answered at once by a process that may die of them.

A desk has one process behind it, which answers one question after another. It starts with the first
question, is ended when nobody asked for a while, and is started anew after a file killed it, took
it too long or was too much for its memory.
"""

import asyncio
import contextlib
import sys
from time import monotonic
from typing import Any

from deepmeme.errors import DeepmemeError
from deepmeme.jobs.limits import MEMORY_BYTES
from deepmeme.jobs.wire import LENGTHS, Message, WireError, lengths, packed, unpacked

ANSWER_S = 60.0
IDLE_S = 300.0


class DeskError(DeepmemeError):
    """The process behind the desk died of a question, or was too long about it."""


class Refused(DeepmemeError):
    """What the process said is wrong with the question, in its words."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """Name of the error's class there, such as "InputError"."""


class Desk:
    """Asks one process; everybody waits for his turn."""

    def __init__(self, command: tuple[str, ...] = (), *, memory_bytes: int = MEMORY_BYTES) -> None:
        """``command`` is another one to run, for tests; ``memory_bytes`` the process may have."""
        ours = (sys.executable, "-m", "deepmeme.jobs.hands", "--memory", str(memory_bytes))
        self._command = command or ours
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._last = monotonic()
        self.waiting = 0
        """Questions that are not answered yet."""

    async def ask(
        self, question: str, blob: bytes = b"", *, within_s: float = ANSWER_S, **about: Any
    ) -> Message:
        """The answer to one of the questions that ``jobs.hands`` knows.

        Raises:
            Refused: the process says what is wrong with the question.
            DeskError: it died, or ``within_s`` seconds were not enough.
        """
        self.waiting += 1
        try:
            async with self._turn:
                return await self._asked(Message({"ask": question, **about}, blob), within_s)
        finally:
            self.waiting -= 1
            self._last = monotonic()

    async def _asked(self, message: Message, within_s: float) -> Message:
        try:
            answer = await asyncio.wait_for(self._exchange(message), within_s)
        except TimeoutError as error:
            await self.close()
            raise DeskError(
                f"This took longer than {within_s:g} seconds and was stopped. Try a smaller file, "
                "or an ordinary one (jpg, png, mp4)."
            ) from error
        except (WireError, OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            raise DeskError(
                "The program that reads files stopped at this one; it has been started anew. The "
                "file is damaged or too large for it: try it saved as an ordinary jpg, png or mp4."
            ) from error
        except BaseException:  # whoever asked went away: its answer must not reach the next one
            await self.close()
            raise
        problem = answer.said.get("error")
        if problem is not None:
            raise Refused(str(problem.get("type")), str(problem.get("message")))
        return answer

    async def _exchange(self, message: Message) -> Message:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(packed(message))
        await process.stdin.drain()
        said, blob = lengths(await process.stdout.readexactly(LENGTHS.size))
        return unpacked(
            await process.stdout.readexactly(said), await process.stdout.readexactly(blob)
        )

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._process

    async def rest(self, idle_s: float = IDLE_S) -> None:
        """End the process if nobody has asked for so long; its memory is worth more."""
        if self.waiting == 0 and monotonic() - self._last > idle_s:
            await self.close()

    async def close(self) -> None:
        """End the process at once. The next question starts another one."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        transport = getattr(process, "_transport", None)
        if transport is not None:
            transport.close()
