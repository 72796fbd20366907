"""The result of a check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it passed, and what was found or has to be done."""

    name: str
    passed: bool
    words: str
