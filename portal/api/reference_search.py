"""Finds words in the reference and in the guides: a search over everything that the pages under `/docs` say."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from portal.api import guides
from portal.api.reference_pages import ValueRow, list_nouns

LONGEST_QUERY = 100
MOST_FOUND = 40


@dataclass(frozen=True)
class Entry:
    """Something that can be found: its name, where it stands below `/docs`, and what is said there.

    `places` counts the pages that say the same; `path` is the first of them.
    """

    name: str
    place: str
    path: str
    words: str
    places: int = 1

    @property
    def text(self) -> str:
        """What a query is looked for in."""
        return f"{self.name} {self.place} {self.words}".lower()


def find_entries(query: str) -> list[Entry]:
    """The entries that have every word of the query in them, those with a word in their name first."""
    terms = query[:LONGEST_QUERY].lower().split()
    found = [each for each in list_entries() if all(term in each.text for term in terms)] if terms else []
    return sorted(found, key=lambda each: _rank(each, terms))[:MOST_FOUND]


def _rank(entry: Entry, terms: list[str]) -> tuple[bool, int, int]:
    name = entry.name.lower()
    return name != " ".join(terms), -sum(term in name for term in terms), len(name)


@cache
def list_entries() -> tuple[Entry, ...]:
    """Guides by chapter, calls, and parameters and keys; of those that say the same, one."""
    return (*_guide_entries(), *_call_entries(), *_row_entries())


def _guide_entries() -> Iterator[Entry]:
    for guide in guides.list_guides():
        for chapter in guide.chapters:
            anchor = f"#{chapter.id}" if chapter.id else ""
            yield Entry(chapter.title, f"Guide: {guide.title}", f"guides/{guide.slug}{anchor}", chapter.text)


def _call_entries() -> Iterator[Entry]:
    for noun in list_nouns():
        yield Entry(noun.name, "Reference", noun.slug, noun.words)
        for call in noun.calls:
            yield Entry(call.title, f"{call.method} /v1{call.path}", f"{noun.slug}/{call.id}", call.words)


def _row_entries() -> Iterator[Entry]:
    found: dict[ValueRow, list[tuple[str, str]]] = {}
    for noun in list_nouns():
        for call in noun.calls:
            for row in call.parameters:
                place = f"Parameter of {call.method} /v1{call.path}"
                found.setdefault(row, []).append((place, f"{noun.slug}/{call.id}"))
        for shown in noun.objects:
            for row in shown.keys:
                found.setdefault(row, []).append((f"Key of {shown.id}", f"{noun.slug}/{shown.id}"))
    for row, places in found.items():
        place, path = places[0]
        yield Entry(row.name, place, f"{path}#{row.name}", row.words, len(places))
