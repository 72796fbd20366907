"""A merchant's own set of template files: read from a folder into a value that documents are rendered with."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.rules.document_kinds import DOCUMENT_KINDS

#: What the files of a set may come to.
MAX_FILES, MAX_BYTES = 40, 1024 * 1024
#: The kinds of documents; a set may hold a template of each, named after it.
KINDS = tuple(DOCUMENT_KINDS)
#: The file whose rules come after those of the built-in style.
STYLE = "style.css"

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.(html|css|png|jpe?g|webp|gif|svg|woff2?|ttf|otf)")


@dataclass(frozen=True, slots=True)
class Design:
    """The files of one version, by name; two designs are equal when their digests are."""

    digest: str
    files: tuple[tuple[str, bytes], ...] = field(compare=False, repr=False)

    def file(self, name: str) -> bytes | None:
        """The content of a file, or None where there is none of that name."""
        return dict(self.files).get(name)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a set, and where; with a `fatal` complaint the set can't be added."""

    file: str | None
    line: int | None
    words: str
    fatal: bool = True

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place or 'the folder'}: {self.words}"


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Complaint]]:
    """The files of a folder, and the complaints that need no rendering; hidden files are ignored."""
    files, complaints = {}, []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_symlink() or not path.is_file():
            complaints.append(Complaint(path.name, None, "is no plain file; everything lies in one folder"))
        elif not _FILE_NAME.fullmatch(path.name):
            complaints.append(Complaint(path.name, None, "is no HTML, CSS, image or font by its name"))
        elif path.stat().st_size > MAX_BYTES:
            complaints.append(Complaint(path.name, None, f"is larger than {MAX_BYTES // 1024} KiB"))
        else:
            files[path.name] = path.read_bytes()
    return files, [*complaints, *_folder_complaints(files), *_encoding_complaints(files)]


def _folder_complaints(files: Mapping[str, bytes]) -> Iterable[Complaint]:
    if len(files) > MAX_FILES:
        yield Complaint(None, None, f"holds more than {MAX_FILES} files")
    if sum(map(len, files.values())) > MAX_BYTES:
        yield Complaint(None, None, f"holds more than {MAX_BYTES // 1024} KiB")
    wanted = (STYLE, *(f"{kind}.html" for kind in KINDS))
    if not files.keys() & set(wanted):
        yield Complaint(None, None, f"holds none of {', '.join(wanted)}, so that nothing would look different")


def _encoding_complaints(files: Mapping[str, bytes]) -> Iterable[Complaint]:
    for name, content in files.items():
        if name.endswith((".html", ".css")):
            try:
                content.decode()
            except UnicodeDecodeError as error:
                yield Complaint(name, content.count(b"\n", 0, error.start) + 1, "is no UTF-8")
