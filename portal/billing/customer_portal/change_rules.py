"""The rules of a configuration applied to a subscription: which changes its customer may make."""

from typing import Protocol

from sqlalchemy.orm import Session

from portal import zones
from portal.billing.catalogue.sold import SoldItem
from portal.billing.ledger import parties
from portal.errors import InvalidRequest
from portal.models import Price, Subscription
from portal.rules import permissions, switch_rules
from portal.rules.money import multiply_price
from portal.rules.permissions import Features, QuantityRange
from portal.rules.plan_changes import PriceTerms
from portal.rules.switch_rules import PlanTerms, Refusal


class Costs(Protocol):
    """What the other items of a subscription cost before and after a change, in minor units of a period.

    `unchanged` is what as many of them cost by the interval after it.
    """

    @property
    def before(self) -> int: ...
    @property
    def after(self) -> int: ...
    @property
    def unchanged(self) -> int: ...


class NotChangeable(InvalidRequest):
    """The customer can't change this subscription, or not to this price or quantity."""


class RuledOut(NotChangeable):
    """The rules of the configuration don't allow this change."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"The rules of the configuration do not allow it: {refusal.kind}.", param="price")
        self.refusal = refusal


def refuse(
    db: Session,
    subscription: Subscription,
    sold: SoldItem,
    price: Price,
    quantity: int,
    features: Features,
    others: Costs,
    *,
    now: int,
) -> None:
    """Raises `RuledOut` where the customer can't change an item to so many of a price, and the others as they cost."""
    before, after = _terms(sold.price, sold.item.quantity, others.before), _terms(price, quantity, others.after)
    as_many = _amount(price, sold.item.quantity, others.unchanged)
    until = find_commitment(db, subscription, features)
    for rules in permissions.change_rules(features):
        refusal = switch_rules.find_refusal(rules, before, after, as_many, committed_until=until, now=now)
        if refusal is not None:
            raise RuledOut(refusal)


def find_commitment(db: Session, subscription: Subscription, features: Features) -> int | None:
    """The moment at which the commitment of a subscription ends; None without one."""
    committing = [rules for rules in permissions.change_rules(features) if rules["commitment"]]
    zone = parties.account_zone(db) if committing else zones.DEFAULT
    ends = (
        switch_rules.find_commitment(rules, subscription.start_date, subscription.metadata_, zone)
        for rules in committing
    )
    return max((end for end in ends if end is not None), default=None)


def find_quantities(subscription: Subscription, features: Features, product_id: str) -> QuantityRange | None:
    """The quantities of a product that a subscription can have; None where the quantity can't be changed."""
    allowed = permissions.allowed_quantities(features, product_id)
    for rules in permissions.change_rules(features):
        allowed = switch_rules.raise_minimum(rules, allowed, subscription.metadata_)
    return allowed


def _terms(price: Price, quantity: int, others: int) -> PlanTerms:
    amount = _amount(price, quantity, others)
    return PlanTerms(price.product_id, PriceTerms(amount, price.interval or "month", price.interval_count or 1))


def _amount(price: Price, quantity: int, others: int) -> int:
    return multiply_price(price.unit_amount_decimal, quantity) + others
