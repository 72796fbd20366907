"""Stores rendered documents by fingerprint, in a folder or anything fsspec reaches (`s3://bucket/documents`)."""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

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
    """Documents behind an fsspec URL; whole-object uploads as object stores have them are atomic.

    A store that has just failed is not asked again for a while, so that not every reader waits for it in turn.
    """

    def __init__(self, url: str) -> None:
        from fsspec import get_filesystem_class  # Half a hundred modules that a folder needs none of.

        self._url, self._protocol = url, url.partition("://")[0]
        get_filesystem_class(self._protocol)  # who lacks the store's own package learns it at once
        self._opened: tuple[int, Any, str] | None = None
        self._away_until = 0.0

    def path(self, fingerprint: str) -> str:
        return f"{self._open()[1]}/{_file_name(fingerprint)}"

    def read(self, fingerprint: str) -> bytes | None:
        path = self.path(fingerprint)
        try:
            return bytes(self._ask(lambda files: files.cat_file(path)))
        except FileNotFoundError:
            return None

    def sizes(self, fingerprints: Iterable[str]) -> list[int]:
        paths = [self.path(each) for each in fingerprints]
        return [int(size) for size in self._ask(lambda files: files.sizes(paths))]

    def write(self, fingerprint: str, content: bytes) -> None:
        path = self.path(fingerprint)
        self._ask(lambda files: files.pipe_file(path, content))

    def _open(self) -> tuple[Any, str]:
        # in each process anew: the clients of object stores have a thread, which no fork takes along
        if self._opened is None or self._opened[0] != os.getpid():
            from fsspec.core import url_to_fs

            self._opened = (os.getpid(), *url_to_fs(self._url, **_LIMITS.get(self._protocol, {})))
        return self._opened[1:]

    def _ask(self, ask: Callable[[Any], Any]) -> Any:
        """What the store answers. Raises `OSError`, whatever its client raises."""
        if time.monotonic() < self._away_until:
            raise OSError("the document store has just failed")
        try:
            return ask(self._open()[0])
        except FileNotFoundError:
            raise
        except Exception as error:
            self._away_until = time.monotonic() + REST_AFTER_FAILURE
            raise OSError(f"the document store failed: {type(error).__name__}: {error}") from error


#: Seconds for which a store that failed is left alone.
REST_AFTER_FAILURE = 5.0
#: For how long the clients of stores try, by the protocol of the URL: somebody waits for a page meanwhile, and what
#: can't be read is rendered.
_LIMITS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"connect_timeout": 2, "read_timeout": 5, "retries": {"max_attempts": 1}}}
}


def _file_name(fingerprint: str) -> str:
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError(f"not a fingerprint: {fingerprint!r}")
    return f"{fingerprint[:2]}/{fingerprint}.pdf"
