"""Calendar files as RFC 5545 wants them: lines, escapes, days."""

from __future__ import annotations

import re
from datetime import date

import pytest

from portal.rules.icalendar import DayEvent, escape_text, fold_line, render_calendar

LONG = "فاتورة 請求書 Rechnung; über, alles\\ " * 12


def unfolded(content: bytes) -> list[str]:
    """The content lines of a file, as 3.1 says that programs read them."""
    return re.sub("\r\n[ \t]", "", content.decode()).removesuffix("\r\n").split("\r\n")


def unescaped(value: str) -> str:
    """A TEXT value as programs read it (3.3.11)."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


@pytest.mark.parametrize("text", [LONG, "a", "", "x" * 74, "x" * 75, "x" * 76, "é" * 80, "🚲" * 50])
def test_lines_are_folded_at_75_octets_and_characters_stay_whole(text: str) -> None:
    folded = fold_line(text).encode()
    assert max(len(piece) for piece in folded.split(b"\r\n")) <= 75
    assert [piece.decode() for piece in folded.split(b"\r\n")]
    assert unfolded(folded) == [text]


@pytest.mark.parametrize("text", ["a;b,c\\d", "one\ntwo", "one\r\ntwo", "\\n", ";;,,"])
def test_what_is_escaped_reads_as_it_was(text: str) -> None:
    assert "\n" not in escape_text(text)
    assert unescaped(escape_text(text)) == text.replace("\r\n", "\n")


def test_no_text_ends_its_line_or_begins_another() -> None:
    evil = "x\r\nEND:VEVENT\x00\x1b\x7f\nATTENDEE:mailto:a@example.com"
    lines = unfolded(render_calendar(evil, [DayEvent("u", date(2026, 12, 31), evil)], 0))
    assert [line for line in lines if line.startswith(("ATTENDEE", "END:VEVENT"))] == ["END:VEVENT"]
    assert not re.search("[\x00-\x1f\x7f]", "".join(lines))


def test_an_event_is_the_whole_day_that_it_names() -> None:
    event = DayEvent("renewal-sub_1@billing", date(2026, 12, 31), LONG, "To pay")
    lines = unfolded(render_calendar("Rocket Rides", [event], 1795262400))
    begin = lines.index("BEGIN:VEVENT")
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Billing portal//Coming payments//EN"]
    assert lines[begin + 1 : begin + 5] == [
        "UID:renewal-sub_1@billing",
        "DTSTAMP:20261121T120000Z",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
    ]
    assert unescaped(lines[begin + 5].removeprefix("SUMMARY:")) == LONG
    assert lines[-2:] == ["END:VEVENT", "END:VCALENDAR"]
