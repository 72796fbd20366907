"""What a session costs, by the arithmetic of invoices: what is due at once, and in each period."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import line_items
from portal.billing.invoices import drafts
from portal.billing.ledger.totals import find_rounding
from portal.billing.quotes.quote_totals import ZERO_AMOUNTS, price_lines, sum_lines
from portal.models import CheckoutSession, Customer


def compute(db: Session, session: CheckoutSession, customer: Customer | None) -> None:
    """Set what each line costs, and the sums: `sums["recurring"]` are those of each period."""
    if not session.lines:
        session.sums, session.payment_status = None, "no_payment_required"
        return
    data = session.settings.get("subscription_data") or {}
    on_trial = bool(data.get("trial_period_days") or data.get("trial_end"))
    chosen = [line for line in session.lines if line["quantity"]]
    # in the order in which an invoice has them, so that the same line gets the last cent
    once = [line for line in chosen if not line_items.is_repeated(line)]
    repeated = [line for line in chosen if line_items.is_repeated(line)]
    defaults = drafts.frozen_rates(db, data.get("default_tax_rates") or [])
    exempt, rounding = customer.tax_exempt if customer else "none", find_rounding(db)

    def price(lines: list[dict[str, Any]], *, lasting: bool) -> list[Any]:
        offered = [SimpleNamespace(**line, discounts=[]) for line in lines]
        return price_lines(session, offered, defaults, exempt, rounding, lasting=lasting)

    upfront = [*once, *([] if on_trial else repeated)]
    priced = price(upfront, lasting=False)
    costs = {line["id"]: each.values for line, each in zip(upfront, priced, strict=True)}
    recurring = sum_lines(price(repeated, lasting=True)) if repeated else None
    session.lines = [{**line, **costs.get(line["id"], ZERO_AMOUNTS)} for line in _bare(session.lines)]
    session.sums = {**sum_lines(priced), "recurring": recurring}
    session.payment_status = "unpaid" if amount_total(session) else "no_payment_required"


def amount_total(session: CheckoutSession) -> int:
    """What is due at once, in minor units; 0 where nothing is sold."""
    return int(session.sums["amount_total"]) if session.sums else 0


def _bare(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name not in ZERO_AMOUNTS} for line in lines]
