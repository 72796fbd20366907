"""Finds out the format of a file and reads its entries."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from portal.bank_files import camt, mt940
from portal.bank_files.values import Entry, UnreadableFile

#: Bytes. Enough for 100,000 transfers in the most talkative format.
LARGEST_FILE = 160 * 1024 * 1024


def read_entries(file: BinaryIO) -> Iterator[Entry | UnreadableFile]:
    """The entries of all statements of a file; in the place of one that can't be read is the reason why.

    `file` can be sought. Raises `UnreadableFile` where it is too large, is no statement or ends too early; until its
    end is reached, nothing of it counts.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > LARGEST_FILE:
        raise UnreadableFile(1, "file", f"larger than {LARGEST_FILE >> 20} MB; ask the bank for shorter periods")
    start = file.read(512).lstrip(b"\xef\xbb\xbf\xff\xfe\xfe\xff \t\r\n")
    file.seek(0)
    if start.startswith((b"<", b"\0<")):
        return camt.read_entries(file)
    if b":20:" in start or b":25:" in start or start.startswith(b"{1:"):
        return mt940.read_entries(file)
    raise UnreadableFile(1, "file", "neither a camt message nor an MT940 statement")
