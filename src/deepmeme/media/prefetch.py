"""Run an iterator in its own thread, a few items ahead."""

import threading
from collections.abc import Iterable, Iterator
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.1


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetch(items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """Yield ``items`` in order while a thread works up to ``depth`` of them ahead.

    An exception in ``items`` comes out here at its place. Closing this generator stops the
    thread and closes ``items``. The thread starts with the first ``next``.
    """
    queue: Queue[T | _End] = Queue(maxsize=max(1, depth))
    stop = threading.Event()

    thread = threading.Thread(
        target=_work, args=(items, queue, stop), name="deepmeme-prefetch", daemon=True
    )
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join(timeout=5.0)


def _work(items: Iterable[T], queue: "Queue[T | _End]", stop: threading.Event) -> None:
    error: BaseException | None = None
    iterator = iter(items)
    try:
        for item in iterator:
            if not _put(item, queue, stop):
                break
    except BaseException as raised:  # crosses over to the consumer
        error = raised
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    _put(_End(error), queue, stop)


def _put(item: T | _End, queue: "Queue[T | _End]", stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            queue.put(item, timeout=_POLL_S)
        except Full:
            continue
        return True
    return False
