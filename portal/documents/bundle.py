"""Several documents as one ZIP: the same ones give the same bytes. They are not compressed, as PDFs are already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from io import BytesIO
from itertools import chain, count
from zipfile import ZipFile, ZipInfo

#: Characters of a name without its suffix: even where each takes four bytes, every file system has room for them.
_LONGEST = 56
#: What no file name may have on some system, and what turns the direction of the rest.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def zipped(files: Iterable[tuple[str, date, bytes]]) -> bytes:
    """The ZIP of files, each by name, day and content."""
    whole = BytesIO()
    with ZipFile(whole, "w") as bundle:
        for name, day, content in files:
            bundle.writestr(ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0)), content)
    return whole.getvalue()


def names(titles: Iterable[str]) -> list[str]:
    """A file name for each document, of those that every system takes; no two differ by capitals alone."""
    seen: set[str] = set()
    return [_unlike(seen, _UNSAFE.sub("-", title)[:_LONGEST].strip()) for title in titles]


def _unlike(seen: set[str], stem: str) -> str:
    tried = (f"{stem}{suffix}.pdf" for suffix in chain([""], (f" ({number})" for number in count(2))))
    name = next(name for name in tried if name.casefold() not in seen)
    seen.add(name.casefold())
    return name
