"""Paying on the provider's page: the way there, and what follows if the customer turns back before it was paid.

The way there is a link and no form, as a form's answer must not lead to another origin (form-action). A page that is
known is led to again, so an attempt is never paid twice.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from flask import Response, abort, make_response, render_template
from sqlalchemy.orm import Session

from portal.billing.intents import own_intents
from portal.db import find_row
from portal.errors import ResourceMissing
from portal.hosted import provider_pages
from portal.models import Customer
from portal.providers.interface import PageOrder
from portal.web import hosts

log = logging.getLogger("portal")
_Opening = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class PagePayment:
    """A payment of a customer that is made on the provider's page.

    `path` is that of our page which leads there; `reading` and `writing` open the database for whoever pays.
    """

    customer_id: str
    intent_id: str
    path: str
    reading: _Opening
    writing: _Opening
    now: int

    @property
    def back(self) -> str:
        """Where the provider's page leads to once it was paid."""
        return f"{hosts.base_url()}{self.path}/back"

    @property
    def cancel(self) -> str:
        """Where it leads to if it was not."""
        return f"{hosts.base_url()}{self.path}/cancel"


class Unreachable(Exception):
    """The provider could not be asked; it is in the log why."""


def find_address(payment: PagePayment) -> str | None:
    """The address of the provider's page; None where the payment needs none any more. Raises `Unreachable`."""
    with payment.reading() as db:
        at_hand = provider_pages.find(db) or abort(404)
        try:
            waiting = own_intents.find_waiting(db, payment.customer_id, payment.intent_id)
        except ResourceMissing:
            return None
        charge = own_intents.describe_waiting(db, waiting.id, now=payment.now)
        email = find_row(db, Customer, payment.customer_id, noun="customer").email
    words = waiting.number or waiting.invoice_id
    order = PageOrder(payment.back, payment.cancel, words=words, email=email, keeps=waiting.keeps)
    try:
        page = at_hand.provider.begin_payment(replace(charge, access=at_hand.access), order)
    except Exception as error:
        raise _unreachable() from error
    with payment.writing() as db:
        noted = own_intents.note_page(db, payment.customer_id, charge.id, page.ref)
    return page.url if noted else None


def turn_back(payment: PagePayment) -> None:
    """End a payment whose method was to be given on the provider's page; one that was made there counts.

    The page is ended first, so that nothing is paid there any more. One that only was to be confirmed goes on waiting.
    Raises `Unreachable`.
    """
    with payment.reading() as db:
        at_hand = provider_pages.find(db) or abort(404)
        try:
            waiting = own_intents.find_waiting(db, payment.customer_id, payment.intent_id)
        except ResourceMissing:
            return
    if waiting.card is not None:
        return
    try:
        ended = waiting.ref is None or at_hand.provider.end_page(at_hand.access, waiting.ref)
    except Exception as error:
        raise _unreachable() from error
    with payment.writing() as db:
        if ended:
            own_intents.refuse_page(db, payment.customer_id, waiting.id, waiting.ref, now=payment.now)
        else:
            own_intents.answer(db, payment.customer_id, waiting.id, confirms=True, now=payment.now)


def come_back(payment: PagePayment) -> bool:
    """Have the provider asked what came of it; answers whether it was not known yet, as by its webhook."""
    with payment.writing() as db:
        return own_intents.answer(db, payment.customer_id, payment.intent_id, confirms=True, now=payment.now)


def excuse(back: str) -> Response:
    """Say on a page behind a link that the provider can't be led to; `back` is the path of the page before."""
    return make_response(render_template("hosted/provider_unreachable.html", back=back), 503)


def _unreachable() -> Unreachable:
    log.exception("the provider could not be reached for a customer")
    return Unreachable()
