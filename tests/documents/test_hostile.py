"""Documents made to read the server's files and call its neighbours; and such as are made to wear it out."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from portal.documents.pool import Pool, RenderFailed
from portal.documents.values import Line
from tests.documents import samples
from tests.documents.hostile import PAYLOADS


def rendered(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.documents.hostile", *arguments]
    outcome = subprocess.run(command, capture_output=True, check=True, text=True, timeout=300)
    return dict(json.loads(outcome.stdout))


def test_hostile_documents_read_no_file_and_call_nobody() -> None:
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
        content = pool.render(samples.invoice(1, lines=(Line(description=words, amount=1),), memo=words))
    except RenderFailed:
        content = b""
    assert content[:5] in (b"%PDF-", b"")
    assert pool.render(samples.invoice(1)).startswith(b"%PDF-")
