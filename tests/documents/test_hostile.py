"""Documents made to read the server's files and call its neighbours; and such as are made to wear it out."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pebble import ProcessExpired

from portal.documents.designs import Design
from portal.documents.parts import DocumentLine
from portal.documents.pool import MEMORY, Pool, RenderFailed
from portal.documents.values import Document
from tests.documents import samples
from tests.documents.hostile import PAYLOADS


def with_file(name: str, content: bytes) -> Document:
    return replace(samples.invoice(1), own=Design(repr(content), ((name, content),)))


DOUBLING = b"{% set all = namespace(x=['x']) %}{% for _ in range(40) %}{% set all.x = all.x + all.x %}{% endfor %}"
ENDLESS = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
MEMORY_BOMBS = {
    "text": with_file("invoice.html", b"{{ 'y' * 999999999 }}"),
    "list": with_file("invoice.html", DOUBLING),
    "table": with_file("invoice.html", b"<table><tr><td colspan=100000000>"),
    "grid": with_file("style.css", b".columns { display: grid; grid-template-columns: repeat(100000000, 1px) }"),
}
TIME_BOMBS = {
    "loop": with_file("invoice.html", ENDLESS),
    "depth": with_file("invoice.html", b"{{ ('<div>' * 100000)|safe }}"),
    "pages": with_file("style.css", b"@page { size: 1mm 1mm; margin: 0 }"),
}
#: Prints the most memory that a document took until there was no more, in kB; nothing where it came to an end.
PROGRAM = """
import pickle, sys
from portal.documents import pool, render
pool._prepare_process()
try:
    render.pdf(pickle.load(sys.stdin.buffer))
except MemoryError:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.fixture
def hasty() -> Iterator[Pool]:
    pool = Pool(seconds=2)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def patient() -> Iterator[Pool]:
    pool = Pool(seconds=60)
    yield pool
    pool.close()


def rendered(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.documents.hostile", *arguments]
    outcome = subprocess.run(command, capture_output=True, check=True, text=True, timeout=300)
    return dict(json.loads(outcome.stdout))


def test_hostile_documents_read_no_file_and_call_nobody(record_property: Callable[[str, object], None]) -> None:
    record_property("documents", 2 * len(PAYLOADS))
    assert rendered() == {"documents": 2 * len(PAYLOADS), "touched": []}
    assert len(PAYLOADS) >= 150


def test_what_is_watched_for_is_seen_where_nothing_guards() -> None:
    touched = rendered("unguarded")["touched"]
    assert "/etc/passwd" in touched
    assert any(each.startswith("socket.connect") for each in touched)


@pytest.mark.parametrize(
    "words",
    [
        "\u202e" * 5000,
        "\u2066" * 5000,
        "a\u0301" * 5000,
        "\U0001f469\u200d" * 2000,
        "x" * 20_000,
        "\x0b\x00\x1b\ufffe",
        "\n" * 5000,
        "\u0e01\u0e33" * 5000,
    ],
    ids=["overrides", "isolates", "accents", "joiners", "one word", "controls", "breaks", "thai"],
)
def test_words_made_to_wear_it_out_end_and_leave_the_next_alone(pool: Pool, words: str) -> None:
    try:
        content = pool.render(samples.invoice(1, lines=(DocumentLine(description=words, amount=1),), memo=words))
    except RenderFailed:
        content = b""
    assert content[:5] in (b"%PDF-", b"")
    assert pool.render(samples.invoice(1)).startswith(b"%PDF-")


@pytest.mark.parametrize("name", MEMORY_BOMBS)
def test_a_memory_bomb_takes_what_a_process_may_have_and_no_more(name: str) -> None:
    bomb = pickle.dumps(MEMORY_BOMBS[name])
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=bomb, capture_output=True, check=True, timeout=60)
    mapped = 64 << 20  # fonts and libraries are no memory of its own
    assert int(done.stdout) * 1024 < MEMORY + mapped


@pytest.mark.parametrize("name", MEMORY_BOMBS)
def test_after_a_memory_bomb_the_next_document_is_fine(patient: Pool, name: str) -> None:
    with pytest.raises(RenderFailed) as failure:
        patient.render(MEMORY_BOMBS[name])
    assert isinstance(failure.value.__cause__, ProcessExpired)
    assert patient.render(samples.invoice(1)).startswith(b"%PDF-")


@pytest.mark.parametrize("name", TIME_BOMBS)
def test_a_time_bomb_ends_and_the_next_document_is_fine(hasty: Pool, name: str) -> None:
    began = time.monotonic()
    with pytest.raises(RenderFailed) as failure:
        hasty.render(TIME_BOMBS[name])
    assert isinstance(failure.value.__cause__, TimeoutError)
    assert time.monotonic() - began < 10
    assert hasty.render(samples.invoice(1)).startswith(b"%PDF-")
