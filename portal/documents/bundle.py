"""Several documents as one ZIP: the same ones give the same bytes. They are not compressed, as PDFs are already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import BytesIO
from itertools import chain, count
from zipfile import ZipFile, ZipInfo

#: Bytes of a file's two headers and of the end, names apart (PKWARE's APPNOTE 4.3.7, 4.3.12, 4.3.16).
_LOCAL, _CENTRAL, _END = 30, 46, 22
#: Where the standard library begins with ZIP64.
_LARGE, _MANY = 2**31 - 1, 2**16 - 1
#: Characters of a name without its suffix: even where each takes four bytes, every file system has room for them.
_LONGEST = 56
#: What no file name may have on some system, and what turns the direction of the rest.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def zipped(files: Iterable[tuple[str, date, bytes]], piece: int) -> Iterator[bytes]:
    """The ZIP of files, each by name, day and content, in pieces of at least so many bytes but for the last."""
    hand = _Hand()
    with ZipFile(hand, "w") as bundle:
        for name, day, content in files:
            bundle.writestr(ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0)), content)
            if hand.held >= piece:
                yield hand.given()
    yield hand.given()


def size(names: Sequence[str], contents: Iterable[int]) -> int | None:
    """The bytes of a ZIP of files with these names and sizes; None for one so large that its headers are longer."""
    headers = sum(_LOCAL + _CENTRAL + 2 * len(name.encode()) for name in names)
    whole = headers + sum(contents) + _END
    return whole if whole < _LARGE and len(names) < _MANY else None


def names(titles: Iterable[str]) -> list[str]:
    """A file name for each document, of those that every system takes; no two differ by capitals alone."""
    seen: set[str] = set()
    return [_unlike(seen, _UNSAFE.sub("-", title)[:_LONGEST].strip()) for title in titles]


def _unlike(seen: set[str], stem: str) -> str:
    tried = (f"{stem}{suffix}.pdf" for suffix in chain([""], (f" ({number})" for number in count(2))))
    name = next(name for name in tried if name.casefold() not in seen)
    seen.add(name.casefold())
    return name


class _Hand(BytesIO):
    """The end of a file that is given away from its beginning; positions count from there."""

    _given = 0

    @property
    def held(self) -> int:
        """Bytes that were written and not given away."""
        return len(self.getbuffer())

    def given(self) -> bytes:
        """What was written since the last time."""
        piece = self.getvalue()
        self._given += len(piece)
        super().seek(0)
        self.truncate()
        return piece

    def tell(self) -> int:
        return self._given + super().tell()

    def seek(self, position: int, whence: int = 0) -> int:
        return self._given + super().seek(position - self._given, whence)
