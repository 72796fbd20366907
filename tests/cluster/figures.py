"""The figures of a run, and the table of them in `docs/scaling.md`."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster.load import Ledger, Load

TOP = Path(__file__).resolve().parent.parent.parent
RECORDED, PAGE = Path(__file__).parent / "figures.json", TOP / "docs" / "scaling.md"
#: Seconds within which pages answer again.
GOAL = 15.0
COLUMNS = ("acknowledged", "lost", "twice", "sent again", "read back", "old")
SECONDS = ("no page, PgBouncer", "no page, several hosts", "5xx for")
HEAD = f"| fault | {' | '.join(COLUMNS + SECONDS)} |\n|{'---|' * (1 + len(COLUMNS + SECONDS))}"


@dataclass(frozen=True)
class Outcome:
    """What was noticed of a fault. Seconds without a page are those from one good page to the next, by web host."""

    name: str
    acknowledged: int
    lost: int
    twice: int
    tries_again: int
    read: int
    read_old: int
    silence: tuple[float, ...]
    failure: float

    @classmethod
    def of(cls, name: str, load: Load, ledger: Ledger, mails: Counter[str]) -> Outcome:
        """Of a load that has ended; prints what must not be."""
        twice = ledger.twice + [id for id, count in mails.items() if count > 1]
        surprises = [each for seller in load.sellers for each in seller.surprises]
        for title, found in (("lost", ledger.lost), ("twice", twice), ("refused", surprises), ("old", ledger.read_old)):
            for each in found[:5]:
                print(f"{title}: {each}")
        silence = tuple(round(each.longest_silence(), 1) for each in load.readers)
        failure = round(max(each.longest_failure() for each in load.readers), 1)
        again = sum(not each.is_good for seller in load.sellers for each in seller.tries)
        counts = ledger.acknowledged, len(ledger.lost) + len(surprises), len(twice), again
        return cls(name, *counts, ledger.read, len(ledger.read_old), silence, failure)

    @property
    def is_borne(self) -> bool:
        """Whether nothing was lost, done twice or read as it was before, and pages answered again in time."""
        return not (self.lost or self.twice or self.read_old) and max(*self.silence, self.failure) <= GOAL


def describe(outcome: Outcome) -> str:
    """A row of the table."""
    seconds = " | ".join(f"{each:.1f} s" for each in (*outcome.silence, outcome.failure))
    kept = outcome.acknowledged, outcome.lost, outcome.twice, outcome.tries_again, outcome.read, outcome.read_old
    counts = " | ".join(map(str, kept))
    return f"| {outcome.name} | {counts} | {seconds} |"


def record(outcomes: list[Outcome]) -> None:
    """Keep the figures of a whole run, and write the page from them."""
    RECORDED.write_text(json.dumps([asdict(each) for each in outcomes], indent=1) + "\n")
    PAGE.write_text(with_table(PAGE.read_text()))


def with_table(page: str) -> str:
    """The page with the table of the recorded run."""
    found = [Outcome(**{**each, "silence": tuple(each["silence"])}) for each in json.loads(RECORDED.read_text())]
    table = "\n".join([HEAD, *map(describe, found)])
    return re.sub(r"(<!-- figures -->\n).*?(<!-- end -->)", rf"\g<1>\n{table}\n\n\g<2>", page, flags=re.DOTALL)
