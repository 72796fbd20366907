"""What was measured: a line of JSON for each piece, kept in the repository."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.long_look.figures import Outcome

TOP = Path(__file__).resolve().parent.parent.parent
FILE = Path(__file__).parent / "figures.jsonl"


@dataclass(frozen=True)
class Piece:
    """A measurement that was made: of which figure, on which database, what it did, and what it found wrong."""

    figure: str
    database: str
    did: dict[str, float]
    wrong: list[str]
    seconds: float
    commit: str
    date: str

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.wrong


def name_commit() -> str:
    """The commit of this tree; with a plus where files differ from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = [line for line in _git("status", "--porcelain", "--untracked-files=no").splitlines() if line.strip()]
    others = [line for line in changed if not line.endswith((FILE.name, "security.md"))]
    return f"{commit}+" if others else commit


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=TOP, capture_output=True, text=True, check=True).stdout.strip()


def add(figure: str, database: str, outcome: Outcome, *, seconds: float, commit: str) -> Piece:
    """Keep what a piece has found."""
    today = datetime.now(UTC).date().isoformat()
    shortened = [each[:300] for each in outcome.wrong[:10]]
    rounded = {name: float(f"{value:.4g}") if value % 1 else int(value) for name, value in outcome.did.items()}
    piece = Piece(figure, database, rounded, shortened, round(seconds, 1), commit, today)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(piece.__dict__, ensure_ascii=False) + "\n")
    return piece


def read() -> list[Piece]:
    """All pieces, the oldest first."""
    return parse(FILE.read_text(encoding="utf-8").splitlines()) if FILE.exists() else []


def parse(lines: Iterable[str]) -> list[Piece]:
    """Pieces of lines of the file."""
    found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [Piece(**each) for each in found]
