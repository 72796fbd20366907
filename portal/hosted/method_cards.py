"""The payment methods of a customer as pages list them: which is the default, what it pays, whether it still works."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.payment_methods import methods
from portal.hosted.plan_cards import PlanCard
from portal.models import Customer, Mandate, PaymentMethod
from portal.rules import cards

#: Names are written in the same way everywhere.
BRANDS = {"amex": "American Express", "discover": "Discover", "mastercard": "Mastercard", "visa": "Visa"}


@dataclass(frozen=True)
class MethodCard:
    """A payment method. `plans` are the names of the plans that it pays.

    `ended` says that its mandate has ended or the card has expired, `ends_soon` that the card is about to.
    """

    method: PaymentMethod
    is_default: bool
    plans: tuple[str, ...]
    ended: bool
    ends_soon: bool

    @property
    def id(self) -> str:
        """The id of the method."""
        return self.method.id

    @property
    def last4(self) -> str:
        """The last four characters of the number."""
        return str(self.method.details["last4"])

    @property
    def is_card(self) -> bool:
        """Whether it is a card; else it is a bank account."""
        return self.method.type == "card"

    @property
    def brand(self) -> str:
        """The brand of a card, as people know it."""
        return BRANDS.get(self.method.details["brand"]) or str(_("Card"))

    @property
    def expiry(self) -> str:
        """The last month of a card, as cards show it: `03/27`."""
        return f"{self.method.details['exp_month']:02}/{self.method.details['exp_year'] % 100:02}"


def list_method_cards(db: Session, customer: Customer, plans: Iterable[PlanCard], now: int) -> list[MethodCard]:
    """The customer's methods, the default first, then the newest first."""
    found = methods.list_for_customer(db, customer.id)
    if not found:
        return []
    given = select(Mandate.payment_method_id, Mandate.status).where(
        Mandate.payment_method_id.in_([each.id for each in found])
    )
    mandates = [tuple(row) for row in db.execute(given)]
    default = customer.default_payment_method_id
    users: dict[str | None, list[str]] = {}
    for plan in plans:
        row = plan.subscription
        if row.collection_method == "charge_automatically" and row.ended_at is None:
            users.setdefault(row.default_payment_method_id or default, []).append(plan.name)
    listed = [
        MethodCard(
            method,
            is_default=method.id == default,
            plans=tuple(users.get(method.id, ())),
            ended=_has_expired(method, now) if method.type == "card" else (method.id, "active") not in mandates,
            ends_soon=method.type == "card" and cards.expires_soon(*_last_month(method), now),
        )
        for method in found
    ]
    return sorted(listed, key=lambda card: not card.is_default)


def next_change(listed: Iterable[MethodCard], now: int) -> int | None:
    """When what is said of cards may be another thing, as a month is over; None without any."""
    return cards.end_of_month(now) if any(card.is_card for card in listed) else None


def _last_month(method: PaymentMethod) -> tuple[int, int]:
    return method.details["exp_year"], method.details["exp_month"]


def _has_expired(method: PaymentMethod, now: int) -> bool:
    return not cards.is_valid(*_last_month(method), now)
