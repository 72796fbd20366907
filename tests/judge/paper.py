"""What is laid before the judges: a file, what it is an example of, and the fault that was planted in it, if any."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A judge has to find a rule broken whose name begins with `rule`."""

    judge: str
    rule: str


@dataclass(frozen=True)
class Paper:
    """A file by its name, whose ending says who judges it: `.factur-x.pdf` (with the XML inside), `.pdf`, `.xml`."""

    name: str
    group: str
    fault: Fault | None = None
