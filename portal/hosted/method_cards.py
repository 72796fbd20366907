"""The payment methods of a customer as pages list them: which is the default, what it pays, whether it still works."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.payment_methods import methods
from portal.hosted.plan_cards import PlanCard
from portal.models import Customer, Mandate, PaymentMethod


@dataclass(frozen=True)
class MethodCard:
    """A payment method. `plans` are the names of the plans that it pays; `ended` says that its mandate has ended."""

    method: PaymentMethod
    is_default: bool
    plans: tuple[str, ...]
    ended: bool

    @property
    def id(self) -> str:
        """The id of the method."""
        return self.method.id

    @property
    def last4(self) -> str:
        """The last four characters of the account number."""
        return str(self.method.details["last4"])


def list_method_cards(db: Session, customer: Customer, plans: Iterable[PlanCard]) -> list[MethodCard]:
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
    cards = [
        MethodCard(
            method,
            is_default=method.id == default,
            plans=tuple(users.get(method.id, ())),
            ended=(method.id, "active") not in mandates,
        )
        for method in found
    ]
    return sorted(cards, key=lambda card: not card.is_default)
