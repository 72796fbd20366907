"""What the page of an open invoice says of a payment by a provider: that it is under way, or why it failed."""

from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.intents import attempts
from portal.db import find_row
from portal.hosted.method_names import explain_refusal, name_method
from portal.models import Invoice, PaymentMethod


@dataclass(frozen=True)
class ShownPayment:
    """A payment of `amount` in minor units by `method`, in words; `refusal` says why it failed, where it has.

    With `waits` the customer has to confirm it.
    """

    amount: int
    currency: str
    method: str
    waits: bool
    refusal: str | None


def hide_method(payment: ShownPayment | None) -> ShownPayment | None:
    """The same for whoever has the link of the invoice, to whom nothing is shown that the customer has kept."""
    return replace(payment, method=_("your card")) if payment else None


def find_shown_payment(db: Session, row: Invoice) -> ShownPayment | None:
    """The latest payment of an open invoice; None where there is none that has not succeeded."""
    latest = attempts.find_latest(db, row) if row.status == "open" else None
    if latest is None or latest.status in {"canceled", "succeeded"}:
        return None
    failed = latest.status == "requires_payment_method"
    if failed and latest.last_payment_error is None:
        return None
    refusal = explain_refusal(latest.last_payment_error) if failed else None
    method = _name_method(db, latest.payment_method_id)
    return ShownPayment(latest.amount, latest.currency, method, latest.status == "requires_action", refusal)


def _name_method(db: Session, id: str | None) -> str:
    return _("your card") if id is None else name_method(find_row(db, PaymentMethod, id, noun="payment method"))
