"""The page of a quote, in a visit and behind its link."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import render_template
from sqlalchemy.orm import Session

from portal.db import find_row
from portal.documents import build_quotes
from portal.hosted.own_quotes import find_state
from portal.hosted.visits import Visit
from portal.models import Quote


@dataclass(frozen=True)
class ShownQuote:
    """A quote that is shown at the path `at`, with what reads and writes its merchant's rows.

    `visit` is None behind a link.
    """

    quote: Quote
    at: str
    now: int
    reading: Callable[[], AbstractContextManager[Session]]
    writing: Callable[[], AbstractContextManager[Session]]
    visit: Visit | None = None
    may_answer: bool = True

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return find_state(self.quote, self.now) == "open"


def render(shown: ShownQuote, template: str = "quote", **context: object) -> str:
    """What is offered, until when, and how it stands."""
    with shown.reading() as db:
        document = build_quotes.quote(db, find_row(db, Quote, shown.quote.id, noun="quote"))
    context |= {"at": shown.at, "quote": shown.quote, "visit": shown.visit, "may_answer": shown.may_answer}
    state = find_state(shown.quote, shown.now)
    return render_template(f"hosted/{template}.html", document=document, state=state, **context)
