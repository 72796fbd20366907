"""Payments that are made on a page of the provider, by a card that is given there."""

from sqlalchemy.orm import Session

from portal.billing.accounts.payment_providers import find_provider
from portal.billing.intents import attempts
from portal.billing.ledger.locks import Billed
from portal.errors import InvalidRequest
from portal.models import PaymentIntent
from portal.providers.registry import HOSTED


def has_pages(db: Session) -> bool:
    """Whether cards are given on a page of this account's provider."""
    provider = find_provider(db)
    return provider is not None and provider.name in HOSTED


def begin(db: Session, billed: Billed, amount: int, *, keeps: bool, now: int) -> PaymentIntent:
    """Note that a sum of a locked invoice is to be paid there; `keeps` says whether the customer keeps the card here.

    Raises `InvalidRequest` where the provider has no pages.
    """
    provider = find_provider(db)
    if provider is None or provider.name not in HOSTED:
        raise InvalidRequest("The provider has no page on which a card could be given.", param="way")
    latest = attempts.find_latest(db, billed.invoice)
    return attempts.begin_on_page(db, billed, provider.name, latest, requested=amount, keeps=keeps, now=now)
