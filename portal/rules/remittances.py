"""Finds what may be the number of an invoice in the words of a transfer, however the payer or the bank wrote it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from portal.rules.creditor_references import plain_key

#: The longest number that is looked for, and the most that is read of a text, in letters and digits.
LONGEST_NUMBER = 30
_LONGEST_TEXT = 400
#: Numbers of one customer end in at least so many digits; payers leave out the zeros in front.
_USUAL_DIGITS = 4
_TOKENS = re.compile(r"[^\W_]+")
_RUNS = re.compile(r"[A-Z]+|[0-9]+")


class Spot(NamedTuple):
    """Where a candidate stands: from which to before which letter or digit of the text."""

    start: int
    end: int


class _Run(NamedTuple):
    """Letters only or digits only."""

    text: str
    start: int
    is_digits: bool


def find_candidates(text: str) -> dict[str, list[Spot]]:
    """What may be a number, as `plain_key`, with its places. Digits that belong together are never torn apart.

    A number may be broken by blanks, lines and signs, stand directly behind a word, lack the zeros in front of its
    digits, or say only the digits that differ from the number before it.
    """
    runs = _split_runs(text)
    found: dict[str, list[Spot]] = {}
    for candidate, spot in (*_joined_runs(runs), *_shared_words(runs)):
        if len(candidate) >= 3 and spot not in found.setdefault(candidate, []):
            found[candidate].append(spot)
    return found


def choose_longest(found: dict[str, list[Spot]]) -> list[str]:
    """The candidates in the order of the text, without those that are only a part of a longer one."""
    placed = sorted(
        ((spot, each) for each, spots in found.items() for spot in spots),
        key=lambda pair: (pair[0].start - pair[0].end, pair[0].start),
    )
    taken: list[tuple[Spot, str]] = []
    for spot, each in placed:
        if not any(spot.start < other.end and other.start < spot.end for other, _ in taken):
            taken.append((spot, each))
    return list(dict.fromkeys(each for _, each in sorted(taken, key=lambda pair: pair[0].start)))


def _split_runs(text: str) -> list[_Run]:
    runs: list[_Run] = []
    length = 0
    for token in _TOKENS.findall(text):
        for run in _RUNS.findall(plain_key(token)):
            if length + len(run) > _LONGEST_TEXT:
                return runs
            runs.append(_Run(run, length, run[0] <= "9"))
            length += len(run)
    return runs


def _joined_runs(runs: list[_Run]) -> Iterator[tuple[str, Spot]]:
    """Neighbouring runs, and the same from within the letters of the first one if digits follow."""
    for first, run in enumerate(runs):
        whole, digits = "", False
        for last in range(first, len(runs)):
            whole += runs[last].text
            digits = digits or runs[last].is_digits
            if len(whole) > LONGEST_NUMBER + (0 if run.is_digits else len(run.text)):
                break
            if digits:
                end = runs[last].start + len(runs[last].text)
                yield from _tails(run, whole, end, glued=not run.is_digits and runs[first + 1].is_digits)
        yield from _padded(runs, first)


def _tails(run: _Run, whole: str, end: int, *, glued: bool) -> Iterator[tuple[str, Spot]]:
    # a word before the number may lack its blank: RechnungROSEN-0001
    for cut in range(len(run.text) if glued else 1):
        if len(whole) - cut <= LONGEST_NUMBER:
            yield whole[cut:], Spot(run.start + cut, end)


def _padded(runs: list[_Run], first: int) -> Iterator[tuple[str, Spot]]:
    word, digits = runs[first], runs[first + 1] if first + 1 < len(runs) else None
    if digits and digits.is_digits and not word.is_digits and len(digits.text) < _USUAL_DIGITS:
        yield word.text + digits.text.zfill(_USUAL_DIGITS), Spot(word.start, digits.start + len(digits.text))


def _shared_words(runs: list[_Run]) -> Iterator[tuple[str, Spot]]:
    """`ROSEN-0001, 0002`: digits that take the letters of the number before them."""
    for first, run in enumerate(runs[:-1]):
        model = runs[first + 1]
        if run.is_digits or not model.is_digits or len(model.text) < 3:
            continue
        for other in runs[first + 2 :]:
            if other.is_digits and len(other.text) == len(model.text):
                for cut in range(max(1, len(run.text) - 3)):
                    yield run.text[cut:] + other.text, Spot(other.start, other.start + len(other.text))
