"""Processes of one server: forked from a process that has loaded the application once, so that they share its memory.

That process, the *loader*, is the standard library's fork server. It has one thread and opens nothing, and ends with
the last process that was forked from it. A reload begins another one, with the code as it is then.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
#: The one that the library uses.
_loader = forkserver._forkserver

#: What is known of a loader, to come back to it.
Loader = dict[str, Any]


def start_loader() -> None:
    """Start to load the application, without waiting for it."""
    _loader.set_forkserver_preload(["portal.loader"])
    _loader.ensure_running()


def replace_loader() -> Loader:
    """Load the application anew, as its code is now, for the processes from now on. Returns the loader before."""
    before = dict(vars(_loader))
    _loader.__init__()  # type: ignore[misc]
    start_loader()
    return before


def bring_back(before: Loader) -> None:
    """Fork from an earlier loader again."""
    failed = dict(vars(_loader))
    vars(_loader).update(before)
    let_end(failed)


def let_end(loader: Loader) -> None:
    """Have a loader end as soon as no process is left that was forked from it."""
    os.close(loader["_forkserver_alive_fd"])
    threading.Thread(target=_await_end, args=(loader["_forkserver_pid"],), daemon=True).start()


def _await_end(process_id: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(process_id, 0)


def make_process(target: Callable[..., object], *values: Any) -> BaseProcess:
    """A process, not started yet, that will call `target`; `start` raises `OSError` or `EOFError` where none comes."""
    return _CONTEXT.Process(target=target, args=values)


def run(target: Callable[..., object], *values: Any) -> int:
    """The exit status of a process that calls `target`, once it has ended; 1 where the application can't be loaded."""
    process = make_process(target, *values)
    try:
        process.start()
    except (OSError, EOFError):
        return 1
    process.join()
    return process.exitcode or 0


def name_process(name: str) -> None:
    """Name this process for lists of processes, which show at most 15 letters."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name)
