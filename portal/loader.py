"""Loads the application in the process from which those of a server are forked; only `portal.forks` may import it."""

import ctypes
import os
import signal
import sys
from pathlib import Path

# `wsgi` lies beside the package
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import wsgi  # noqa: F401 - so that it is there

#: To the whole group of processes, as by systemd or a terminal: this one ends after the others, by itself.
_LEFT_TO_OTHERS = (signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


def _prepare_fork() -> None:
    """Take signals as any process does; end in good order should this one be killed, as nobody else can end it then."""
    for each in _LEFT_TO_OTHERS:
        signal.signal(each, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


os.register_at_fork(after_in_child=_prepare_fork)
for _each in _LEFT_TO_OTHERS:
    signal.signal(_each, signal.SIG_IGN)
