"""Parses search queries such as `email~'rocket' AND -metadata['tier']:null` into clauses with their positions."""

from dataclasses import dataclass
from typing import NoReturn

from portal.errors import InvalidRequest

MAX_CLAUSES = 25
#: Longest first, so that `>=` is not read as `>`.
OPERATORS = (">=", "<=", ":", "~", ">", "<")
CONNECTIVES = ("and", "or")
#: Characters of the query that a message shows around the place it is about.
EXCERPT_LENGTH = 60


class BadQuery(InvalidRequest):
    """A query that can't be parsed. The message names the column and points at it."""

    def __init__(self, query: str, at: int, problem: str) -> None:
        start = max(0, min(at - EXCERPT_LENGTH // 2, len(query) - EXCERPT_LENGTH))
        line = query[start : start + EXCERPT_LENGTH]
        pointer = " " * (at - start) + "^"
        super().__init__(f"Invalid search query at column {at + 1}: {problem}\n{line}\n{pointer}", param="query")


@dataclass(frozen=True)
class SearchValue:
    """What a field is compared with: a quoted text, a bare word, or null (`text` is None)."""

    text: str | None
    quoted: bool
    at: int


@dataclass(frozen=True)
class Clause:
    """One comparison: `field` or `field['key']`, an operator, a value. `at` is the field's position in the query."""

    field: str
    key: str | None
    operator: str
    value: SearchValue
    negated: bool
    at: int
    operator_at: int


@dataclass(frozen=True)
class Query:
    """Clauses that must all match, or (`any`) of which one must."""

    text: str
    clauses: tuple[Clause, ...]
    any: bool

    def refuse(self, at: int, problem: str) -> NoReturn:
        """Raise `BadQuery` for a position in this query."""
        raise BadQuery(self.text, at, problem)


def parse_query(text: str) -> Query:
    """Parse a query. Raises `BadQuery`."""
    return _QueryReader(text).read_query()


class _QueryReader:
    """Reads a query from left to right; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read_query(self) -> Query:
        clauses, connective = [self._read_clause()], ""
        while self._peek_character():
            place = self.at
            word = self._read_connective()
            if connective and word != connective:
                raise self._bad_query("AND and OR can't be mixed in one query.", place)
            connective = word
            clauses.append(self._read_clause())
            if len(clauses) > MAX_CLAUSES:
                raise self._bad_query(f"a query can have up to {MAX_CLAUSES} clauses.", place)
        return Query(self.text, tuple(clauses), connective == "or")

    def _read_clause(self) -> Clause:
        negated = self._peek_character() == "-"
        self.at += negated
        place = self.at
        field = self._read_word()
        if not field:
            raise self._bad_query("a field name is expected here.")
        key = self._read_key() if self._peek_character() == "[" else None
        operator_at = self.at
        operator = self._read_operator()
        return Clause(field, key, operator, self._read_value(), negated, place, operator_at)

    def _read_connective(self) -> str:
        """The word between two clauses. Blanks alone mean AND."""
        place = self.at
        word = self._read_word().lower()
        if word in CONNECTIVES and self._peek_character() not in {":", "~", ">", "<", "["}:
            return word
        self.at = place
        return "and"

    def _read_operator(self) -> str:
        self._peek_character()
        for operator in OPERATORS:
            if self.text.startswith(operator, self.at):
                self.at += len(operator)
                return operator
        raise self._bad_query("an operator is expected here, one of : ~ > < >= <=.")

    def _read_key(self) -> str:
        self.at += 1
        if self._peek_character() not in {"'", '"'}:
            raise self._bad_query("a key in quotes is expected here.")
        key = self._read_quoted()
        if self._peek_character() != "]":
            raise self._bad_query("the key must end with ].")
        self.at += 1
        return key

    def _read_value(self) -> SearchValue:
        place = self.at if self._peek_character() else len(self.text)
        if self._peek_character() in {"'", '"'}:
            place = self.at
            return SearchValue(self._read_quoted(), True, place)
        place = self.at
        sign = "-" if self._peek_character() == "-" else ""
        self.at += len(sign)
        word = sign + self._read_word()
        if not word.strip("-"):
            raise self._bad_query("a value is expected here.", place)
        return SearchValue(None if word.lower() == "null" else word, False, place)

    def _read_quoted(self) -> str:
        place, quote = self.at, self.text[self.at]
        self.at += 1
        characters: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == quote:
                return "".join(characters)
            if character == "\\" and self.at < len(self.text):
                character = self.text[self.at]
                self.at += 1
            characters.append(character)
        raise self._bad_query("this quotation mark is never closed.", place)

    def _read_word(self) -> str:
        self._peek_character()
        start = self.at
        while self.at < len(self.text) and (self.text[self.at].isalnum() or self.text[self.at] in "_."):
            self.at += 1
        return self.text[start : self.at]

    def _peek_character(self) -> str:
        """Skip blanks. Returns the next character, or an empty string at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _bad_query(self, problem: str, at: int | None = None) -> BadQuery:
        return BadQuery(self.text, self.at if at is None else at, problem)
