"""What a session costs, by the arithmetic of invoices: what is due at once, and in each period."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import line_items, shipping
from portal.billing.invoices import drafts
from portal.billing.ledger.totals import find_rounding
from portal.billing.quotes.quote_totals import ZERO_AMOUNTS, price_with_shipping, sum_lines
from portal.models import CheckoutSession, Customer


def compute(db: Session, session: CheckoutSession, customer: Customer | None) -> None:
    """Set what each line costs, and the sums: `sums["recurring"]` are those of each period."""
    if not session.lines:
        session.sums, session.payment_status = None, "no_payment_required"
        return
    data = session.settings.get("subscription_data") or {}
    on_trial = bool(data.get("trial_period_days") or data.get("trial_end"))
    chosen = line_items.list_chosen(session.lines)
    # in the order in which an invoice has them, so that the same line gets the last cent
    once = [line for line in chosen if not line_items.is_repeated(line)]
    repeated = [line for line in chosen if line_items.is_repeated(line)]
    defaults = drafts.frozen_rates(db, data.get("default_tax_rates") or [])
    exempt, rounding = customer.tax_exempt if customer else "none", find_rounding(db)

    def price(lines: list[dict[str, Any]], *, lasting: bool, sent: dict[str, Any] | None = None) -> Any:
        offered = [SimpleNamespace(**line, discounts=[]) for line in lines]
        return price_with_shipping(session, offered, defaults, exempt, rounding, lasting=lasting, shipping=sent)

    upfront = [*once, *([] if on_trial else repeated)]
    priced, cost = price(upfront, lasting=False, sent=_describe_shipping(session))
    costs = {line["id"]: each.values for line, each in zip(upfront, priced, strict=True)}
    recurring = sum_lines(price(repeated, lasting=True)[0]) if repeated else None
    session.lines = [{**line, **costs.get(line["id"], ZERO_AMOUNTS)} for line in _bare(session.lines)]
    session.sums = {**sum_lines(priced, cost), "recurring": recurring, "shipping_cost": cost}
    session.payment_status = "unpaid" if amount_total(session) else "no_payment_required"


def amount_total(session: CheckoutSession) -> int:
    """What is due at once, in minor units; 0 where nothing is sold."""
    return int(session.sums["amount_total"]) if session.sums else 0


def _describe_shipping(session: CheckoutSession) -> dict[str, Any] | None:
    """What the chosen option costs before tax, with its rates, in the form of invoices."""
    option = shipping.find_option(session)
    if option is None:
        return None
    known = {"display_name": option["display_name"], "shipping_rate": option["shipping_rate"]}
    return {"amount": option["shipping_amount"], "tax_rates": shipping.find_rates(session), **known}


def _bare(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name not in ZERO_AMOUNTS} for line in lines]
