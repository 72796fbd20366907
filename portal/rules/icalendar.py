"""Calendar files (RFC 5545, with the name of RFC 7986).

Events are of whole days, in the merchant's calendar, so that no time zone can move them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MEDIA_TYPE = "text/calendar"
#: Octets of a line, without its end.
_MOST_OCTETS = 75


@dataclass(frozen=True)
class DayEvent:
    """An event of one day. `uid` is the same as long as it is the same event."""

    uid: str
    day: date
    summary: str
    description: str = ""


def render_calendar(name: str, events: Iterable[DayEvent], now: int) -> bytes:
    """The file, for a program that asks again once a day."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Billing portal//Coming payments//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escape_text(name)}",
        f"X-WR-CALNAME:{escape_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        *(line for event in events for line in _event_lines(event, now)),
        "END:VCALENDAR",
    ]
    return "".join(f"{fold_line(line)}\r\n" for line in lines).encode()


def escape_text(text: str) -> str:
    """A value of the type TEXT (3.3.11); control characters, which no value may have, are left out."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in text if each >= " " or each == "\n").replace("\x7f", "").replace("\n", "\\n")


def fold_line(line: str) -> str:
    """A content line in pieces of at most 75 octets (3.1), of which none breaks a character."""
    pieces, piece, size = [], "", 0
    for each in line:
        octets = len(each.encode())
        if size + octets > _MOST_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + each, size + octets
    return "\r\n".join([*pieces, piece])


def _event_lines(event: DayEvent, now: int) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escape_text(event.uid)}"
    yield f"DTSTAMP:{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escape_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escape_text(event.description)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"
