"""The discounts that a session offers: those it was created with, or the code that its customer enters."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout.params import CreateCheckoutSession
from portal.billing.discounts import coupon_uses, discounts, promotion_codes
from portal.billing.discounts.coupon_uses import DiscountOwner
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.quotes import discounts as quote_discounts
from portal.errors import InvalidRequest
from portal.models import CheckoutSession, Customer

#: After so many wrong codes a session takes none.
MOST_WRONG_CODES = 10


class UnknownCode(InvalidRequest):
    """There is no such promotion code, or it can't be used for this purchase."""


def build(db: Session, customer: Customer | None, command: CreateCheckoutSession, *, now: int) -> list[dict[str, Any]]:
    """The discounts that were sent. Raises `InvalidRequest` for what can't be used."""
    if not command.discounts:
        return [] if command.mode == "setup" else _inherited(db, customer, now)
    if command.allow_promotion_codes:
        raise InvalidRequest(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.", param="discounts"
        )
    if command.mode == "setup":
        raise InvalidRequest("A session in setup mode sells nothing.", param="discounts")
    sources = [DiscountSource(**each.sent_values()) for each in command.discounts]
    return quote_discounts.build_offered_discounts(db, customer.id if customer else None, sources, "discounts", now=now)


def use_code(db: Session, session: CheckoutSession, customer: Customer | None, code: str, *, now: int) -> None:
    """Offer what a promotion code gives; the empty text takes it away. Raises `UnknownCode`."""
    if not code:
        session.discounts = _inherited(db, customer, now)
        return
    found = promotion_codes.find_promotion_code(db, customer.id if customer else "", code)
    source = DiscountSource(promotion_code=found.id) if found else None
    subtotal = session.sums["amount_subtotal"] if session.sums else 0
    owner = DiscountOwner(customer or Customer(id=""), {}, session.currency, subtotal)
    if source is None or not coupon_uses.can_redeem(db, owner, source, now=now):
        raise UnknownCode("There is no such promotion code for this purchase.", param="promotion_code")
    session.discounts = quote_discounts.build_offered_discounts(
        db, customer.id if customer else None, [source], "discounts", now=now
    )


def sources(session: CheckoutSession) -> list[DiscountSource]:
    """What is redeemed at completion."""
    return quote_discounts.redemption_sources(session.discounts)


def _inherited(db: Session, customer: Customer | None, now: int) -> list[dict[str, Any]]:
    """The discount that the customer has on everything."""
    if customer is None or not (running := discounts.inherited_ids(db, customer, None, now=now)):
        return []
    return quote_discounts.build_offered_discounts(
        db, customer.id, [DiscountSource(discount=id) for id in running], "discounts", now=now
    )
