"""Says whether files can still be written to a folder."""

import os
import tempfile
from pathlib import Path

#: Bytes that must be free: as much as a few transactions write.
ROOM = 1024 * 1024


def has_room(folder: Path) -> bool:
    """Whether `ROOM` can be written to a folder: its disk is not full, it may be written, and no quota is used up."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            os.posix_fallocate(probe.fileno(), 0, ROOM)
    except OSError:
        return False
    return True
