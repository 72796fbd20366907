"""Runs the worker of an embedded database beside the server, and starts it again when it dies."""

import logging
import os
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Protocol

from portal import clock
from portal.settings import EMBEDDED_SINCE

log = logging.getLogger("portal")

#: Seconds before a worker that died is started again: doubled each time, and short again after one that lasted.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: Seconds after which a worker counts as sound.
SOUND_AFTER = 60.0
#: Seconds that a worker may take to finish the steps in hand.
STOP_TIMEOUT = 30.0
#: Seconds that a worker may take to start which is to replace a sound one.
START_TIMEOUT = 300.0


class Process(Protocol):
    """A process that was started."""

    def wait(self) -> object:
        """Its exit status, once it has ended."""

    def terminate(self) -> None:
        """Have it end in good order."""

    def kill(self) -> None:
        """End it at once."""


#: Starts a worker. Where it is given a pipe, the worker says through it that it has started.
Launch = Callable[[Connection | None], Process]


def note_begin() -> None:
    """Have the processes that start from now on tell when the worker is missing, once it has had time to begin."""
    os.environ[EMBEDDED_SINCE] = str(clock.now())


class EmbeddedWorker:
    """A process that is watched by a thread, from `start` until `stop`."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        #: Set as soon as the server is to stop: a worker that ends from then on is not started again.
        self.stopping = threading.Event()
        self._replaced = threading.Event()
        self._process: Process | None = None
        self._successor: Process | None = None
        self._watcher = threading.Thread(target=self._watch, name="embedded worker", daemon=True)

    def start(self) -> None:
        """Start the worker and watch it."""
        self._process = self._launch(None)
        self._watcher.start()

    def replace(self) -> bool:
        """Start another worker with the code as it is now, and then end this one; False where the new one can't start.

        For a moment both work, which does no harm: each step is claimed by one of them.
        """
        reading, writing = Pipe(duplex=False)
        with reading:
            try:
                successor = self._launch(writing)
            except (OSError, EOFError):
                return False
            finally:
                writing.close()
            # ends with nothing where the process dies before it has started
            if not reading.poll(START_TIMEOUT) or not _is_told(reading):
                successor.kill()
                successor.wait()
                return False
        self._successor = successor
        self._replaced.set()
        if self._process is not None:
            self._process.terminate()
        return True

    def stop(self) -> None:
        """Have the worker finish what it does, and end it where that takes too long."""
        self.stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._watcher.join(STOP_TIMEOUT)
        if self._watcher.is_alive() and self._process is not None:
            self._process.kill()
            self._watcher.join()

    def _watch(self) -> None:
        pause = FIRST_PAUSE
        while self._process is not None:
            began = time.monotonic()
            status = self._process.wait()
            if time.monotonic() - began >= SOUND_AFTER:
                pause = FIRST_PAUSE
            if self._replaced.is_set():
                self._replaced.clear()
                self._process, self._successor = self._successor, None
            elif self.stopping.is_set():
                return
            else:
                log.error("the worker ended with status %s and is started again in %g s", status, pause)
                if self.stopping.wait(pause):
                    return
                pause = min(2 * pause, LONGEST_PAUSE)
                self._process = self._launch(None)
            if self.stopping.is_set() and self._process is not None:
                # told to stop while it was started, so nobody else may have told it
                self._process.terminate()


def _is_told(reading: Connection) -> bool:
    try:
        return bool(reading.recv())
    except EOFError:
        return False
