"""Stores rendered documents by fingerprint, in a folder or anything fsspec reaches (`s3://bucket/documents`)."""

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class Store(Protocol):
    """A document store. Methods raise `ValueError` for a bad fingerprint, `OSError` when the store fails."""

    def path(self, fingerprint: str) -> str:
        """The path of the document, stored or not."""

    def read(self, fingerprint: str) -> bytes | None:
        """The document, or None when it is not stored."""

    def sizes(self, fingerprints: Iterable[str]) -> list[int]:
        """Bytes of each of these documents. Raises `FileNotFoundError` when one is not stored."""

    def write(self, fingerprint: str, content: bytes) -> None:
        """Store the document; readers see all of it or nothing."""


def open_store(documents_url: str) -> Store:
    """The store at a folder's path, a `file://` URL or any other fsspec URL."""
    if "://" not in documents_url:
        return FolderStore(documents_url)
    if documents_url.startswith("file://"):
        return FolderStore(documents_url.removeprefix("file://"))
    return RemoteStore(documents_url)


class FolderStore:
    """Documents in a local folder, which is created with the first one."""

    def __init__(self, root: str) -> None:
        self._root = os.path.abspath(root)

    def path(self, fingerprint: str) -> str:
        return f"{self._root}/{_file_name(fingerprint)}"

    def read(self, fingerprint: str) -> bytes | None:
        try:
            with open(self.path(fingerprint), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def sizes(self, fingerprints: Iterable[str]) -> list[int]:
        return [os.path.getsize(self.path(each)) for each in fingerprints]

    def write(self, fingerprint: str, content: bytes) -> None:
        target = Path(self.path(fingerprint))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise


class RemoteStore:
    """Documents behind an fsspec URL; whole-object uploads as object stores have them are atomic."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs  # Half a hundred modules that a folder needs none of.

        self._files, self._root = url_to_fs(url)

    def path(self, fingerprint: str) -> str:
        return f"{self._root}/{_file_name(fingerprint)}"

    def read(self, fingerprint: str) -> bytes | None:
        try:
            return bytes(self._files.cat_file(self.path(fingerprint)))
        except FileNotFoundError:
            return None

    def sizes(self, fingerprints: Iterable[str]) -> list[int]:
        return [int(size) for size in self._files.sizes([self.path(each) for each in fingerprints])]

    def write(self, fingerprint: str, content: bytes) -> None:
        self._files.pipe_file(self.path(fingerprint), content)


def _file_name(fingerprint: str) -> str:
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError(f"not a fingerprint: {fingerprint!r}")
    return f"{fingerprint[:2]}/{fingerprint}.pdf"
