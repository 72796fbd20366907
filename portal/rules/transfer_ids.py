"""The ids by which banks name our credit transfers and their files: made here, and found again in what banks write."""

import base64
import os
import re

_MESSAGE = re.compile(r"CTF[A-Z2-7]{16}")


def new_end_to_end_id() -> str:
    """27 capitals and digits that nobody can guess; every bank passes these on unchanged."""
    return f"CTE{_random(15)}"


def new_message_id() -> str:
    """19 characters."""
    return f"CTF{_random(10)}"


def find_message_id(*texts: str | None) -> str | None:
    """The first file that is named in texts."""
    return next((found[0] for text in texts if (found := _MESSAGE.search(text or ""))), None)


def _random(size: int) -> str:
    return base64.b32encode(os.urandom(size)).decode()
