"""The process that rendering processes are forked from: it has imported WeasyPrint, and its forks share that memory.

A process that was forked while it has one shares it, so that a whole server needs only one.
"""

import os
import threading
from collections.abc import Sequence
from multiprocessing import forkserver
from typing import Any


class _RenderServer(forkserver.ForkServer):
    _forkserver_address: Any
    _forkserver_alive_fd: int

    def __init__(self) -> None:
        super().__init__()
        self.set_forkserver_preload(["portal.documents.preload", "portal.documents.render"])
        self._owner = os.getpid()

    def connect_to_new_process(self, fds: Sequence[int]) -> tuple[int, int]:
        """Fork; where the one that is shared has died, from another one that is this process's own."""
        try:
            return super().connect_to_new_process(fds)
        except OSError:
            if self._owner == os.getpid():
                raise
            os.close(self._forkserver_alive_fd)
            self.__init__()  # type: ignore[misc]
            return super().connect_to_new_process(fds)

    def ensure_running(self) -> None:
        """Start it unless it is there; whether it still is, only the process knows that started it."""
        if self._owner == os.getpid() or self._forkserver_address is None:
            self._owner = os.getpid()
            super().ensure_running()

    def forget_threads(self) -> None:
        """After a fork no thread is left that could hold the lock."""
        self._lock = threading.Lock()


_render_server = _RenderServer()
os.register_at_fork(after_in_child=_render_server.forget_threads)


def warm_up() -> None:
    """Start to load WeasyPrint, without waiting for it; processes that are forked later share it."""
    _render_server.ensure_running()


def use() -> None:
    """Have what this process starts by the method `forkserver` come from there: the library knows one at a time."""
    forkserver.connect_to_new_process = _render_server.connect_to_new_process
