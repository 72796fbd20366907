"""Writes several documents as one ZIP file. The same documents give the same bytes.

PDFs are already compressed, so the ZIP stores them uncompressed.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import BytesIO
from itertools import chain, count
from zipfile import ZipFile, ZipInfo

from portal.rules.file_names import safe_file_name

#: Bytes of a file's two headers and of the end, names apart (PKWARE's APPNOTE 4.3.7, 4.3.12, 4.3.16).
_LOCAL_HEADER, _CENTRAL_HEADER, _END_RECORD = 30, 46, 22
#: Where the standard library begins with ZIP64.
_ZIP64_SIZE, _ZIP64_FILES = 2**31 - 1, 2**16 - 1
#: Characters of a name without its suffix: even where each takes four bytes, every file system has room for them.
_LONGEST_STEM = 56


def zip_pieces(files: Iterable[tuple[str, date, bytes]], piece: int) -> Iterator[bytes]:
    """The ZIP of files, each given by name, day and content, in pieces of at least `piece` bytes but for the last."""
    hand = _PieceBuffer()
    with ZipFile(hand, "w") as bundle:
        for name, day, content in files:
            bundle.writestr(ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0)), content)
            if hand.pending_size >= piece:
                yield hand.take_pending()
    yield hand.take_pending()


def zip_size(names: Sequence[str], contents: Iterable[int]) -> int | None:
    """The bytes of a ZIP of files with these names and sizes; None when it is so large that it needs ZIP64."""
    headers = sum(_LOCAL_HEADER + _CENTRAL_HEADER + 2 * len(name.encode()) for name in names)
    whole = headers + sum(contents) + _END_RECORD
    return whole if whole < _ZIP64_SIZE and len(names) < _ZIP64_FILES else None


def file_names(titles: Iterable[str]) -> list[str]:
    """A file name for each document, valid on every system; no two differ only in upper and lower case."""
    seen: set[str] = set()
    return [_unique_name(seen, safe_file_name(title)[:_LONGEST_STEM].strip()) for title in titles]


def _unique_name(seen: set[str], stem: str) -> str:
    tried = (f"{stem}{suffix}.pdf" for suffix in chain([""], (f" ({number})" for number in count(2))))
    name = next(name for name in tried if name.casefold() not in seen)
    seen.add(name.casefold())
    return name


class _PieceBuffer(BytesIO):
    """A file whose beginning is taken out while the end is still written; positions still count from the start."""

    _given = 0

    @property
    def pending_size(self) -> int:
        """Bytes that were written and not yet taken."""
        return len(self.getbuffer())

    def take_pending(self) -> bytes:
        """The bytes written since the last call."""
        piece = self.getvalue()
        self._given += len(piece)
        super().seek(0)
        self.truncate()
        return piece

    def tell(self) -> int:
        return self._given + super().tell()

    def seek(self, position: int, whence: int = 0) -> int:
        return self._given + super().seek(position - self._given, whence)
