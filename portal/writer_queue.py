"""The queue of SQLite's writers, over the threads and processes of one machine."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.errors import Unavailable

TOO_BUSY = "The database is too busy at the moment. Please try again."

#: Seconds that a writer of SQLite waits for its turn.
PATIENCE = 5.0
#: Seconds between two looks at a turn that another process has: short at first, as most turns are.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.0005, 0.01


@dataclass(frozen=True)
class _Turn:
    """What the writers of one process share; the lock belongs to the open file, so a fork needs one of its own."""

    pid: int
    threads: threading.Lock
    file: int


class WriterQueue:
    """A queue of writers over threads and processes: a lock among threads, then an exclusive lock on a side file.

    Neither is waited for without end: a process that stands still with the turn must not take all others with it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn: _Turn | None = None

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Wait for the other writers, then hold them off while the block runs.

        Raises `Unavailable` where the turn does not come within `PATIENCE`.
        """
        ends, turn = time.monotonic() + PATIENCE, self._turn_of_process()
        if not turn.threads.acquire(timeout=PATIENCE):
            raise Unavailable(TOO_BUSY)
        try:
            _lock_file(turn.file, ends)
            try:
                yield
            finally:
                fcntl.flock(turn.file, fcntl.LOCK_UN)
        finally:
            turn.threads.release()

    def _turn_of_process(self) -> _Turn:
        turn = self._turn
        if turn is None or turn.pid != os.getpid():
            # two threads that come here at once lock two files, which exclude each other as those of two processes
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            self._turn = turn = _Turn(os.getpid(), threading.Lock(), file)
        return turn


def _lock_file(file: int, ends: float) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends:
                raise Unavailable(TOO_BUSY) from None
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
