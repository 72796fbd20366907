"""Stores of documents: a file is written whole or not at all, and only fingerprints are paths."""

from __future__ import annotations

import os
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fsspec import register_implementation
from fsspec.asyn import AsyncFileSystem

from portal.documents import store as store_module
from portal.documents.store import FolderStore, RemoteStore, Store, open_store

ONE = "1" * 64


@pytest.fixture(params=["folder", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    urls = {"folder": f"{tmp_path}/a", "file": f"file://{tmp_path}/b", "memory": f"memory://{tmp_path.name}"}
    return open_store(urls[request.param])


def test_what_is_written_is_read(store: Store) -> None:
    store.write(ONE, b"%PDF-1")
    assert store.read(ONE) == b"%PDF-1"


def test_what_was_never_written_is_none(store: Store) -> None:
    assert store.read(ONE) is None


def test_sizes_are_known_without_reading(store: Store) -> None:
    store.write(ONE, b"%PDF-1")
    store.write("2" * 64, b"%PDF-1.7")
    assert store.sizes(["2" * 64, ONE]) == [8, 6]
    assert store.sizes([]) == []
    with pytest.raises(FileNotFoundError):
        store.sizes([ONE, "3" * 64])


class Flaky(AsyncFileSystem):
    """An object store as fsspec's own ones are: with a thread, which no fork takes along, and errors of its own."""

    protocol = "flaky"
    asked = 0
    away = False
    content: bytes | None = None

    async def _cat_file(self, path: str, *range: object, **options: object) -> bytes:
        Flaky.asked += 1
        if Flaky.away:
            raise RuntimeError("no client says OSError")
        if Flaky.content is None:
            raise FileNotFoundError(path)
        return Flaky.content

    async def _pipe_file(self, path: str, value: bytes, **options: object) -> None:
        Flaky.content = value


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> RemoteStore:
    register_implementation("flaky", Flaky, clobber=True)
    for name, value in (("asked", 0), ("away", False), ("content", None)):
        monkeypatch.setattr(Flaky, name, value)
    return RemoteStore("flaky://bucket/documents")


def test_a_store_that_fails_says_so_and_is_left_alone_for_a_while(
    flaky: RemoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "REST_AFTER_FAILURE", 0.2)
    monkeypatch.setattr(Flaky, "away", True)
    for _ in range(5):
        with pytest.raises(OSError, match="document store"):
            flaky.read(ONE)
    assert Flaky.asked == 1
    monkeypatch.setattr(Flaky, "away", False)
    time.sleep(0.2)
    assert flaky.read(ONE) is None


def test_a_store_is_opened_by_each_process(flaky: RemoteStore) -> None:
    """What is forked from has no thread; what is forked has a client of its own."""
    before = threading.active_count()
    assert RemoteStore("flaky://elsewhere/documents")._opened is None
    assert threading.active_count() == before
    flaky.write(ONE, b"%PDF-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of newer Pythons, about forks beside threads
        pid = os.fork()
    if pid == 0:
        os._exit(0 if flaky.read(ONE) == b"%PDF-1" else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_store_whose_package_is_missing_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="Protocol not known"):
        open_store("nowhere://bucket")


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "1" * 63, "1" * 65, "A" * 64, "/" + "1" * 63, f"{ONE}\n"])
def test_only_fingerprints_are_paths(store: Store, name: str) -> None:
    for attempt in (store.path, store.read, lambda name: store.sizes([name]), lambda name: store.write(name, b"")):
        with pytest.raises(ValueError, match="not a fingerprint"):
            attempt(name)


def test_local_places_are_read_without_fsspec(tmp_path: Path) -> None:
    assert isinstance(open_store(str(tmp_path)), FolderStore)
    assert isinstance(open_store(tmp_path.as_uri()), FolderStore)
    assert isinstance(open_store("memory://x"), RemoteStore)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        FolderStore(str(tmp_path)).write(ONE, "no bytes")  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_readers_see_all_or_nothing(tmp_path: Path) -> None:
    store, contents = FolderStore(str(tmp_path)), {letter * 2_000_000 for letter in (b"a", b"b")}
    with ThreadPoolExecutor(2) as threads:
        writing = [threads.submit(store.write, ONE, content) for _ in range(10) for content in contents]
        while not all(write.done() for write in writing):
            assert store.read(ONE) in contents | {None}
    assert [path.name for path in tmp_path.rglob("*.*")] == [f"{ONE}.pdf"]
