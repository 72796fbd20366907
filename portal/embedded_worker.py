"""Runs the worker of an embedded database beside the server, and starts it again when it dies."""

import logging
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


class EmbeddedWorker:
    """A process that is watched by a thread, from `start` until `stop`."""

    def __init__(self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._folder, self._environment = folder, dict(environment)
        #: Set as soon as the server is to stop: a worker that ends from then on is not started again.
        self.stopping = threading.Event()
        self._replaced = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._watch, name="embedded worker", daemon=True)

    def start(self) -> None:
        """Start the worker and watch it."""
        self._process = self._launch()
        self._watcher.start()

    def replace(self) -> None:
        """End the worker, and start another one at once, with the code as it is then."""
        self._replaced.set()
        if self._process is not None:
            self._process.terminate()

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
            else:
                log.error("the worker ended with status %s and is started again in %g s", status, pause)
                if self.stopping.wait(pause):
                    return
                pause = min(2 * pause, LONGEST_PAUSE)
            self._process = self._launch()
            if self.stopping.is_set():
                # told to stop while it was started, so nobody else may have told it
                self._process.terminate()

    def _launch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=self._folder, env=self._environment)  # noqa: S603 - our own command
