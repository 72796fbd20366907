"""The search query language: `email~'rocket' AND -metadata['tier']:null` to clauses that know where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from portal.errors import InvalidRequest

MAX_CLAUSES = 25
#: Longest first, so that `>=` is not read as `>`.
OPERATORS = (">=", "<=", ":", "~", ">", "<")
CONNECTIVES = ("and", "or")
#: Characters of the query that a message shows around the place it is about.
SHOWN = 60


class BadQuery(InvalidRequest):
    """A query that can't be read; the message names the column and points at it."""

    def __init__(self, query: str, at: int, problem: str) -> None:
        start = max(0, min(at - SHOWN // 2, len(query) - SHOWN))
        line = query[start : start + SHOWN]
        pointer = " " * (at - start) + "^"
        super().__init__(f"Invalid search query at column {at + 1}: {problem}\n{line}\n{pointer}", param="query")


@dataclass(frozen=True)
class Value:
    """What a field is compared with: a quoted text, a bare word, or null (`text` is None)."""

    text: str | None
    quoted: bool
    at: int


@dataclass(frozen=True)
class Clause:
    """One comparison: `field` or `field['key']`, an operator, a value; `at` is the field's place in the query."""

    field: str
    key: str | None
    operator: str
    value: Value
    negated: bool
    at: int
    operator_at: int


@dataclass(frozen=True)
class Query:
    """Clauses that must all hold, or of which any one must."""

    text: str
    clauses: tuple[Clause, ...]
    any: bool

    def refuse(self, at: int, problem: str) -> NoReturn:
        """Raise `BadQuery` about a place in this query."""
        raise BadQuery(self.text, at, problem)


def parsed(text: str) -> Query:
    """The clauses of a query. Raises `BadQuery` where it is not one."""
    return _Reader(text).query()


class _Reader:
    """Reads a query from left to right; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def query(self) -> Query:
        clauses, connective = [self._clause()], ""
        while self._peek():
            place = self.at
            word = self._connective()
            if connective and word != connective:
                raise self._wrong("AND and OR can't be mixed in one query.", place)
            connective = word
            clauses.append(self._clause())
            if len(clauses) > MAX_CLAUSES:
                raise self._wrong(f"a query can have up to {MAX_CLAUSES} clauses.", place)
        return Query(self.text, tuple(clauses), connective == "or")

    def _clause(self) -> Clause:
        negated = self._peek() == "-"
        self.at += negated
        place = self.at
        field = self._word()
        if not field:
            raise self._wrong("a field name is expected here.")
        key = self._key() if self._peek() == "[" else None
        operator_at = self.at
        operator = self._operator()
        return Clause(field, key, operator, self._value(), negated, place, operator_at)

    def _connective(self) -> str:
        """The word between two clauses; blanks alone mean AND."""
        place = self.at
        word = self._word().lower()
        if word in CONNECTIVES and self._peek() not in {":", "~", ">", "<", "["}:
            return word
        self.at = place
        return "and"

    def _operator(self) -> str:
        self._peek()
        for operator in OPERATORS:
            if self.text.startswith(operator, self.at):
                self.at += len(operator)
                return operator
        raise self._wrong("an operator is expected here, one of : ~ > < >= <=.")

    def _key(self) -> str:
        self.at += 1
        if self._peek() not in {"'", '"'}:
            raise self._wrong("a key in quotes is expected here.")
        key = self._quoted()
        if self._peek() != "]":
            raise self._wrong("the key must end with ].")
        self.at += 1
        return key

    def _value(self) -> Value:
        place = self.at if self._peek() else len(self.text)
        if self._peek() in {"'", '"'}:
            place = self.at
            return Value(self._quoted(), True, place)
        place = self.at
        sign = "-" if self._peek() == "-" else ""
        self.at += len(sign)
        word = sign + self._word()
        if not word.strip("-"):
            raise self._wrong("a value is expected here.", place)
        return Value(None if word.lower() == "null" else word, False, place)

    def _quoted(self) -> str:
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
        raise self._wrong("this quotation mark is never closed.", place)

    def _word(self) -> str:
        self._peek()
        start = self.at
        while self.at < len(self.text) and (self.text[self.at].isalnum() or self.text[self.at] in "_."):
            self.at += 1
        return self.text[start : self.at]

    def _peek(self) -> str:
        """The next character that is no blank, or nothing at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _wrong(self, problem: str, at: int | None = None) -> BadQuery:
        return BadQuery(self.text, self.at if at is None else at, problem)
