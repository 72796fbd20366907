"""The ids by which banks name our direct debits and their files: made here, and found again in what banks write.

Capitals and digits alone, as every bank passes these on unchanged. A batch is a file's debits of one day and sequence
type.
"""

import base64
import os
import re
from dataclasses import dataclass
from datetime import date, datetime

_DEBIT = re.compile(r"DDE[A-Z2-7]{24}")
_BATCH = re.compile(r"(?P<message>DDF[A-Z2-7]{16})(?:-(?P<day>\d{6})(?P<sequence>FRST|RCUR|FNAL|OOFF))?")


@dataclass(frozen=True)
class BatchId:
    """What a bank names: a file, or one day and sequence type of it."""

    message_id: str
    collect_on: date | None = None
    sequence_type: str | None = None


def new_end_to_end_id() -> str:
    """27 characters that nobody can guess."""
    return f"DDE{_random(15)}"


def new_message_id() -> str:
    """19 characters, so that a batch's id has at most 35."""
    return f"DDF{_random(10)}"


def batch_id(message_id: str, collect_on: date, sequence_type: str) -> str:
    """The id of a batch (payment information) of a file."""
    return f"{message_id}-{collect_on:%y%m%d}{sequence_type}"


def is_end_to_end_id(text: str | None) -> bool:
    """Whether a text is the end-to-end id of one of our debits."""
    return bool(text and _DEBIT.fullmatch(text))


def find_batch(*texts: str | None) -> BatchId | None:
    """The first file or batch that is named in texts."""
    for text in texts:
        if found := _BATCH.search(text or ""):
            day = datetime.strptime(found["day"], "%y%m%d").date() if found["day"] else None  # noqa: DTZ007 - no time
            return BatchId(found["message"], day, found["sequence"])
    return None


def _random(size: int) -> str:
    return base64.b32encode(os.urandom(size)).decode()
