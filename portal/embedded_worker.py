"""Runs the worker of an embedded database beside the server, and starts it again when it dies."""

import logging
import os
import select
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

log = logging.getLogger("portal")

#: Seconds before a worker that died is started again: doubled each time, and short again after one that lasted.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: Seconds after which a worker counts as sound.
SOUND_AFTER = 60.0
#: Seconds that a worker may take to finish the steps in hand.
STOP_TIMEOUT = 30.0
#: Seconds that a worker may take to start which is to replace a sound one.
START_TIMEOUT = 300.0
#: In the environment of a worker: the pipe through which it says that it has started.
STARTED_PIPE = "PORTAL_WORKER_STARTED_PIPE"


def tell_started() -> None:
    """Say in a worker that it has started, where somebody waits for that."""
    pipe = os.environ.pop(STARTED_PIPE, None)
    if pipe is not None:
        os.write(int(pipe), b"1")
        os.close(int(pipe))


class EmbeddedWorker:
    """A process that is watched by a thread, from `start` until `stop`."""

    def __init__(self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._folder, self._environment = folder, dict(environment)
        #: Set as soon as the server is to stop: a worker that ends from then on is not started again.
        self.stopping = threading.Event()
        self._replaced = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._successor: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._watch, name="embedded worker", daemon=True)

    def start(self) -> None:
        """Start the worker and watch it."""
        self._process = self._launch()
        self._watcher.start()

    def replace(self) -> bool:
        """Start another worker with the code as it is now, and then end this one; False where the new one can't start.

        For a moment both work, which does no harm: each step is claimed by one of them.
        """
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            successor = self._launch(writing)
            os.close(writing)
            # ends with nothing where the process dies before it has started
            ready, _, _ = select.select([pipe], [], [], START_TIMEOUT)
            if not ready or not pipe.read(1):
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
            if self.stopping.is_set():
                return
            if self._replaced.is_set():
                self._replaced.clear()
                self._process, self._successor = self._successor, None
            else:
                log.error("the worker ended with status %s and is started again in %g s", status, pause)
                if self.stopping.wait(pause):
                    return
                pause = min(2 * pause, LONGEST_PAUSE)
                self._process = self._launch()
            if self.stopping.is_set() and self._process is not None:
                # told to stop while it was started, so nobody else may have told it
                self._process.terminate()

    def _launch(self, started: int | None = None) -> subprocess.Popen[bytes]:
        environment = self._environment if started is None else {**self._environment, STARTED_PIPE: str(started)}
        pipes = () if started is None else (started,)
        return subprocess.Popen(self._command, cwd=self._folder, env=environment, pass_fds=pipes)  # noqa: S603 - our own
