"""Prepares the fork server that rendering processes are forked from; nothing else may import this module."""

import ctypes.util
import multiprocessing.spawn
import sys


def _return_none(name: str) -> None:
    return None


if sys.platform == "linux":
    # WeasyPrint also tries each library's soname; asking ldconfig and gcc before costs 54 processes.
    ctypes.util.find_library = _return_none

# A rendering process would else run the started program once more, and with it import the web application.
multiprocessing.spawn._fixup_main_from_name = _return_none  # type: ignore[attr-defined]
multiprocessing.spawn._fixup_main_from_path = _return_none  # type: ignore[attr-defined]
