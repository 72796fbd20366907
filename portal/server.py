"""The production server: granian with one worker process per core. With SQLite it also runs the worker.

All of them are forked from one process that has loaded the application (`portal.forks`); this one never does, so that
it stays small.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from portal import embedded_worker, forked_worker, forks, logs, monitoring, ports
from portal.embedded_worker import EmbeddedWorker
from portal.request_sizes import IDLE_SECONDS, MAX_HEAD
from portal.settings import Settings

log = logging.getLogger("portal")

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
START_TIMEOUT = 30.0
#: Seconds that a process may take to start which is to replace a sound one: there is no hurry on a busy machine.
REPLACE_TIMEOUT = 300.0
#: Seconds that answers under way may take once the server is to stop; slower readers are cut off then.
STOP_TIMEOUT = 15
#: Seconds between the parsers that a process builds once it answers requests.
PARSER_PAUSE = 0.05
#: How often a process is forked anew whose loader dies meanwhile, and seconds between two tries.
FORKS, FORK_PAUSE = 5, 0.5
#: Deaths of processes in a minute from which on the server ends instead of starting others.
MOST_DEATHS = 10


class _NotStarted(Exception):
    """A process that was to replace a sound one does not listen."""


class _PatientServer(MPServer):
    """A server whose processes are replaced also when several die within seconds.

    The library itself ends once one dies that is younger than 5.5 seconds. It is left to do so only where many die in a
    minute, as when the program can't start at all.
    """

    beside: EmbeddedWorker | None = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._deaths: list[float] = []
        #: How a process is started that comes for another one.
        self._start: Callable[[WorkerProcess, Callable[[], None], int], object] | None = None

    def signal_handler_interrupt(self, *signal: Any, **rest: Any) -> None:
        """Stop; a worker that gets the same signal is not started again."""
        if self.beside:
            self.beside.stopping.set()
        super().signal_handler_interrupt(*signal, **rest)  # type: ignore[no-untyped-call]

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace the processes one by one, and then the worker; where a new one can't start, all others stay."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if self.beside:
            embedded_worker.note_begin()
        before = forks.replace_loader()
        replaced = all(self._replace(place, spawn_target, target_loader) for place in range(self.workers))
        self.respawned_wrks.clear()
        if replaced:
            forks.let_end(before)
        else:
            forks.bring_back(before)
        if not replaced or (self.beside and not self.beside.replace()):
            log.error("new processes can't start, so the old ones go on; mend what is wrong and reload again")

    def _replace(self, place: int, spawn_target: Any, target_loader: Any) -> bool:
        """Whether a process could be replaced by a new one."""
        sound, self._start = self.wrks[place], _start_beside
        try:
            super()._respawn_workers([place], spawn_target, target_loader, delay=self.respawn_interval)
        except _NotStarted:
            self.wrks.insert(place, sound)
            return False
        return True

    def _respawn_workers(self, workers: list[int], spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        self._start = _start_again
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        now = time.monotonic()
        self._deaths = [moment for moment in self._deaths if moment > now - 60] + [now] * len(workers)
        if len(self._deaths) < MOST_DEATHS:
            self.respawned_wrks.clear()

    def _spawn_worker(self, *place: Any, **what: Any) -> WorkerProcess:
        worker = super()._spawn_worker(*place, **what)
        # the library knows how to fork from this process only, or how to begin with nothing
        spawned = worker.inner
        worker.inner = forks.make_process(spawned._target, *spawned._args)
        if self._start:
            worker.start = partial(self._start, worker, worker.start, self.bind_port)  # type: ignore[method-assign]
        return worker


def _start_and_await(
    worker: WorkerProcess, start: Callable[[], None], port: int, *, seconds: float = START_TIMEOUT
) -> bool:
    """Whether the process listens: the library ends an old one some seconds later in any case."""
    start()
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and worker.is_alive():  # type: ignore[no-untyped-call]
        if ports.is_listening(worker._id(), port):  # type: ignore[no-untyped-call]
            return True
        time.sleep(0.05)
    return False


def _start_again(worker: WorkerProcess, start: Callable[[], None], port: int) -> bool:
    """`_start_and_await` in the place of a process that has died, perhaps with what it was forked from.

    Raises `OSError` or `EOFError` where nothing can be forked time and again.
    """
    for _ in range(FORKS - 1):
        try:
            return _start_and_await(worker, start, port)
        except (OSError, EOFError):
            time.sleep(FORK_PAUSE)
    return _start_and_await(worker, start, port)


def _start_beside(worker: WorkerProcess, start: Callable[[], None], port: int) -> None:
    """Start a process that is to replace a sound one. Raises `_NotStarted`."""
    # should it die meanwhile, the library must not replace the sound one for it
    worker.interrupt_by_parent = True
    try:
        listens = _start_and_await(worker, start, port, seconds=REPLACE_TIMEOUT)
    except (OSError, EOFError):
        raise _NotStarted from None
    if not listens:
        worker.kill()  # type: ignore[no-untyped-call]
        raise _NotStarted
    worker.interrupt_by_parent = False


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int | None,
    prepare: Callable[[], None] | None = None,
    when_up: Callable[[], None] | None = None,
) -> None:
    """Serve until stopped. `prepare` runs before anything else, `when_up` as soon as the server answers requests; each
    does so in a process of its own, and can be pickled. What `prepare` exits with ends the server.

    Two blocking threads per worker: with one a slow request holds all others, with more they contend. So liveness is
    answered by the server itself, from a file: it must not wait for a thread. A worker that dies is replaced.

    SIGHUP replaces every process by one with the code as it is then. The socket stays open meanwhile, and the old ones
    finish what they have begun, so that no request is lost. Code that can't start replaces nothing.

    Raises `PortTaken`.
    """
    ports.await_free_port(host, port)
    logs.configure(settings.log_format)
    if prepare and (status := forks.run(prepare)):
        sys.exit(status)
    server = _PatientServer(
        target="wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or os.cpu_count() or 1,
        blocking_threads=2,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=1000 * IDLE_SECONDS, max_buffer_size=MAX_HEAD),
        websockets=False,
        static_path_route=["/health/live"],
        static_path_mount=[PROJECT_FOLDER / "static" / "health"],
        static_path_dir_to_file="live.txt",
        static_path_expires=0,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_TIMEOUT,
        working_dir=PROJECT_FOLDER,
        log_level=LogLevels.warning,
    )
    monitoring.start_server(settings)
    server.beside = beside = _start_worker(settings)
    if when_up:
        threading.Thread(target=call_when_up, args=(host, port, partial(forks.run, when_up)), daemon=True).start()
    address = ports.record_address(settings.instance, host, port)
    try:
        server.serve(target_loader=_load_application, wrap_loader=False)
    finally:
        ports.forget_address(address)
        if beside:
            beside.stop()


def call_when_up(host: str, port: int, when_up: Callable[[], object]) -> None:
    """Call `when_up` once the server answers, however long its first start takes."""
    while not ports.await_answer(host, port, seconds=START_TIMEOUT):
        pass
    when_up()


def _load_application() -> Callable[..., Any]:
    """The application, in a process that answers requests. It is loaded already."""
    import wsgi
    from portal.wire import parsers

    forks.name_process("portal web")
    # no request waits for these, and those that come meanwhile hardly notice
    threading.Thread(target=parsers.build, args=(PARSER_PAUSE,), daemon=True).start()
    return wsgi.app


def _start_worker(settings: Settings) -> EmbeddedWorker | None:
    """Start the worker process for an embedded database. With PostgreSQL the operator runs `portal worker`."""
    if not settings.database_url.startswith("sqlite"):
        return None
    worker = EmbeddedWorker(partial(forked_worker.launch, settings))
    worker.start()
    return worker
