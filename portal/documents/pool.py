"""Renders in separate processes with limits on time and memory.

The web process never imports WeasyPrint. A fork server does (`render_server`), once for all processes of a portal: from
it each pool forks its processes when there is something to render, and they end when there was nothing for a while.
"""

import gc
import multiprocessing
import os
import pickle
import resource
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from math import ceil
from multiprocessing import util
from typing import TypeVar, cast
from weakref import WeakSet

from pebble import ProcessPool

from portal import metrics
from portal.documents import render_server
from portal.documents.designs import Complaint
from portal.documents.parts import Party
from portal.documents.values import DocumentBase, InvoiceDocument
from portal.errors import Unavailable

T = TypeVar("T")

#: Renderings after which a process is replaced, because WeasyPrint's memory creeps.
MAX_RENDERINGS = 150
#: Bytes a rendering process may hold for itself; measured: 0.16 GiB for one page, 0.32 for 1,000 lines in many scripts.
MEMORY = 512 << 20
#: Address space with the fonts and libraries that are only mapped, 0.76 GiB for those lines. It limits also where a
#: kernel counts no mappings as data, as Linux before 4.7.
ADDRESS_SPACE = 1 << 30
#: Seconds without a rendering after which the processes of a pool end: the next one waits a moment for another process.
IDLE_SECONDS = 60
#: Seconds a caller waits at most, those in the queue included; proxies give up then too.
MAX_WAIT = 60

_SECONDS_PER_LINE = 0.01
_WARM_UP_DOCUMENT = InvoiceDocument(
    number="1",
    currency="eur",
    locale="en",
    status="open",
    effective_at=date(2000, 1, 1),
    seller=Party(name="A"),
    buyer=Party(name="B"),
    lines=(),
    subtotal=0,
    total=0,
    amount_due=0,
    amount_paid=0,
    amount_remaining=0,
)


@dataclass(frozen=True)
class _Limit:
    """Seconds that a rendering may take: of the processor's time, and by the clock."""

    processor: float
    clock: float


class RenderFailed(Unavailable):
    """The document could not be rendered in time, within its memory, or at all; or the queue is full."""


class PoolBusy(RenderFailed):
    """Too many other documents are waiting."""


class Pool:
    """Rendering processes of this process, started when there is something to render and again after a fork.

    A rendering may take `seconds` of wall time, and 10 ms more per line; then its process is killed and replaced.
    `queue` renderings may wait for `workers` processes. They end after `idle` seconds without a rendering.
    """

    _pool: ProcessPool | None
    _resting: threading.Timer
    _stop: Callable[[], object]

    def __init__(self, *, workers: int = 1, seconds: float = 10, queue: int = 20, idle: float = IDLE_SECONDS) -> None:
        self._workers = workers
        self._seconds = seconds
        self._idle = idle
        self._most = workers + queue
        self._reset_state()
        _pools.add(self)

    def render(self, document: DocumentBase) -> bytes:
        """The PDF of `document`. Raises `RenderFailed`; at once when the queue is full."""
        limit = self._seconds + _SECONDS_PER_LINE * document.rows
        began, outcome = time.perf_counter(), "failed"
        try:
            content = cast(bytes, self._run_if_free(_render_in_process, document, _Limit(limit, limit)))
            outcome = "made"
            return content
        finally:
            metrics.RENDERINGS.labels(outcome).observe(time.perf_counter() - began)

    def examine(self, files: Mapping[str, bytes], kind: str) -> list[Complaint]:
        """What is wrong with a merchant's own files for one kind of document. Raises as `render` does.

        Nobody waits for a page here, so that only the processor's time counts, and not how busy the machine is.
        """
        limit = _Limit(self._seconds, MAX_WAIT)
        return cast(list[Complaint], self._run_if_free(_examine_in_process, (files, kind), limit))

    def _run_if_free(self, function: Callable[[bytes, float], object], value: object, limit: _Limit) -> object:
        if not self._places.acquire(blocking=False):
            raise PoolBusy("Too many documents are being made at the moment. Please try again in a minute.")
        self._keep_processes()
        try:
            return self._run_with_retry(function, value, limit)
        finally:
            self._let_processes_rest()
            self._places.release()

    def _keep_processes(self) -> None:
        with self._lock:
            self._resting.cancel()
            self._under_way += 1

    def _let_processes_rest(self) -> None:
        with self._lock:
            self._under_way -= 1
            if not self._under_way:
                self._resting = threading.Timer(self._idle, self._close_if_idle)
                self._resting.daemon = True
                self._resting.start()

    def _close_if_idle(self) -> None:
        with self._lock:
            if not self._under_way:
                self._stop()
                self._pool = None

    def close(self) -> None:
        """Stop the processes; renderings under way fail."""
        with self._lock:
            self._resting.cancel()
            self._stop()
            self._pool = None

    def _run_with_retry(self, function: Callable[[bytes, float], object], value: object, limit: _Limit) -> object:
        try:
            content = pickle.dumps(value)  # Here, because what cannot be pickled would end the pool's own thread.
            ends = time.monotonic() + MAX_WAIT
            try:
                return self._run_once(function, content, limit, ends)
            except BrokenProcessPool:  # An idle process was killed, and pebble gives up the others with it.
                return self._run_once(function, content, limit, ends)
        except Exception as error:
            raise RenderFailed("The document could not be made. Please try again later.") from error

    def _run_once(
        self, function: Callable[[bytes, float], object], content: bytes, limit: _Limit, ends: float
    ) -> object:
        pool = self._ensure_running()
        future = pool.schedule(function, args=(content, limit.processor), timeout=limit.clock)
        try:
            return _await_result(future, pool, ends)
        finally:
            future.cancel()  # type: ignore[no-untyped-call]

    def _ensure_running(self) -> ProcessPool:
        with self._lock:
            if self._pool is None or not self._pool.active:
                self._stop()
                self._pool = _start_pool(self._workers)
                # Not atexit: children of multiprocessing skip that, and would wait for ours for ever.
                self._stop = util.Finalize(None, _stop_pool, args=(self._pool,), exitpriority=10)
            return self._pool

    def _reset_state(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self._most)
        self._pool = None
        self._stop = lambda: None
        self._under_way = 0
        self._resting = threading.Timer(self._idle, self._close_if_idle)


def _start_pool(workers: int) -> ProcessPool:
    context = multiprocessing.get_context("forkserver")
    render_server.use()
    pool = ProcessPool(max_workers=workers, max_tasks=MAX_RENDERINGS, initializer=_prepare_process, context=context)
    pool.schedule(bool)  # Starts the processes; a new pool has none.
    return pool


def _await_result(future: Future[object], pool: ProcessPool, ends: float) -> object:
    """The result of `future`, or `TimeoutError` after `ends`; watches the pool too, as one that breaks may lose it."""
    while not wait([future], timeout=1).done:
        if not pool.active:
            raise BrokenProcessPool
        if time.monotonic() > ends:
            raise TimeoutError
    return future.result()


def _stop_pool(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare_process() -> None:
    """Runs first in a rendering process."""
    from portal.documents import render

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    render.pdf(_WARM_UP_DOCUMENT)
    gc.freeze()


def _render_in_process(document: bytes, seconds: float) -> bytes:
    """Runs in a rendering process. The limit on CPU time also holds when the calling process has died."""
    from portal.documents import render

    return _with_cpu_limit(seconds, lambda: render.pdf(pickle.loads(document)))  # noqa: S301 - pickled by the caller


def _examine_in_process(asked: bytes, seconds: float) -> list[Complaint]:
    """Runs in a rendering process, as `_render` does."""
    from portal.documents import template_check

    files, kind = pickle.loads(asked)  # noqa: S301 - pickled by the caller
    return _with_cpu_limit(seconds, lambda: template_check.find_complaints(files, kind))


def _with_cpu_limit(seconds: float, function: Callable[[], T]) -> T:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        return function()
    except MemoryError:
        os._exit(1)  # The heap stays as large as it is: the next document deserves a new process.
    except BaseException as error:
        raise RuntimeError(repr(error)) from error  # A plain type: what cannot be unpickled would break the pool.


def _reset_pools() -> None:
    """Runs after a fork: threads and processes belong to the parent alone."""
    for pool in _pools:
        pool._reset_state()


_pools: WeakSet[Pool] = WeakSet()
os.register_at_fork(after_in_child=_reset_pools)
