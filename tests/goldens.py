"""Golden wire files: one recorded answer per resource in `golden/`, so that a change of the wire shows in review.

`COMMAND` writes the files anew; read the difference before it is committed. Tests hold the clock, so moments are
recorded as they are; ids and secrets are numbered.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from portal.ids import PREFIXES

FOLDER = Path(__file__).parent / "golden"
COMMAND = "UPDATE_GOLDENS=1 .venv/bin/pytest tests/api"

_ID = re.compile(rf"\b({'|'.join(PREFIXES.values())}|req)_[0-9A-Za-z]{{22,}}\b")
#: What is made of chance or of the secret key.
_RANDOM = re.compile(r'("(?:client_secret|fingerprint)": ")[^"]+|("reference": ")[A-Z0-9]+-[2-9A-Z]{10}\b')
_SECRET = re.compile(r"(?<!/v1)(/(?:i|c|e|m|n|r|s|w|cancel|checkout|files|pay|withdraw|p/session|p/login)/)[^/?\"]+")


def path(name: str) -> Path:
    """The golden file of a name, such as an object type."""
    return FOLDER / f"{name}.json"


def check(name: str, answer: Any) -> None:
    """Compare an answer with `golden/<name>.json`, or record it where UPDATE_GOLDENS is set."""
    file = path(name)
    text = json.dumps(normalized(answer), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"{name} has no golden file: run `{COMMAND}`, read what it wrote, and commit it"
    assert text == file.read_text(encoding="utf-8"), f"{file.name} is another: run `{COMMAND}` and read the diff"


def normalized(answer: Any) -> Any:
    """`answer` with keys in order, ids numbered by first appearance (`cus_1`) and secrets taken out of links."""
    return json.loads(numbered(json.dumps(answer, sort_keys=True)))


#: The ids by which banks name debits, refunds and their files, which are made up anew each time.
_BANK_ID = re.compile(r"\b(DD|CT)([EF])(?:[A-Z2-7]{24}|[A-Z2-7]{16})\b")
_SAMPLE_IDS = {"E": "JBSWY3DPEHPK3PXPJBSWY3DP", "F": "JBSWY3DPEHPK3PXP"}


def numbered(text: str) -> str:
    """JSON with ids numbered by first appearance (`cus_1`) and secrets taken out of links."""
    numbers: dict[str, str] = {}
    counts: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        id, prefix = match[0], match[1]
        if id not in numbers:
            counts[prefix] = counts.get(prefix, 0) + 1
            numbers[id] = f"{prefix}_{counts[prefix]}"
        return numbers[id]

    named = _BANK_ID.sub(lambda match: f"{match[1]}{match[2]}{_SAMPLE_IDS[match[2]]}", text)
    named = _RANDOM.sub(lambda match: f"{match[1] or match[2]}<random>", named)
    return _ID.sub(number, _SECRET.sub(r"\1<secret>", named))
