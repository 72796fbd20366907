"""The worker of an embedded database as a process of the server, forked from what has loaded the application."""

from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from portal import forks
from portal.settings import Settings


class _Forked:
    """A process as `EmbeddedWorker` watches it."""

    def __init__(self, process: BaseProcess) -> None:
        process.start()
        self.terminate, self.kill, self._process = process.terminate, process.kill, process

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode


def launch(settings: Settings, started: Connection | None) -> _Forked:
    """Start it; it says through `started` that it has. Raises `OSError` or `EOFError` where it can't start."""
    return _Forked(forks.make_process(_run_worker, settings, started))


def _run_worker(settings: Settings, started: Connection | None) -> None:
    # what it counts is served by the server's first process
    from portal.assembly import assemble_services
    from portal.origins import Origin
    from portal.worker import running

    forks.name_process("portal worker")
    running.run(assemble_services(settings, pool_size=2, origin=Origin("worker")), started)
