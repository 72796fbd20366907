"""What tests of plan changes share: the pages as text, posts as a browser sends them, and what is stored then."""

from __future__ import annotations

import re
from typing import Any

from portal import clock
from portal.billing.invoices import payments
from portal.billing.invoices.params import PayInvoice
from portal.models import (
    Invoice,
    Price,
    Subscription,
    SubscriptionItem,
)
from tests.clients import Portal
from tests.conftest import NOON
from tests.factories import Factories

BEGAN = NOON - 10 * clock.DAY


DOWNGRADES = {"schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]}}


def updating(prices: dict[str, Price], **feature: Any) -> dict[str, Any]:
    products: dict[str, list[str]] = {}
    for price in prices.values():
        products.setdefault(price.product_id, []).append(price.id)
    return {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity", "promotion_code"],
        "products": [{"product": id, "prices": ids} for id, ids in products.items()],
        "proration_behavior": "always_invoice",
        **feature,
    }


def hidden(page: str, *names: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in names}
    return {name: match[1] for name, match in found.items() if match}


def confirming(plan: Subscription, price: Price, quantity: int = 1, code: str = "") -> str:
    query = f"price={price.id}&quantity={quantity}" + (f"&code={code}" if code else "")
    return f"subscriptions/{plan.id}/change/confirm?{query}"


def seen(visit: Portal, path: str) -> str:
    answer = visit.get(path)
    assert answer.status_code == 200, (answer.status, answer.headers.get("Location"))
    return re.sub(r"</?bdi[^>]*>|</?span[^>]*>|</?strong>", "", answer.get_data(as_text=True))


def confirmed(visit: Portal, path: str, **instead: str) -> Any:
    page = seen(visit, path)
    fields = {**hidden(page, "revision", "date", "due", "moved_to", "csrf_token"), **instead}
    return visit.post(path, token=False, **fields)


def now_of(make: Factories, plan: Subscription) -> tuple[Subscription, SubscriptionItem]:
    with make.database.reading(make.scope) as db:
        found: Any = db.get(Subscription, (plan.tenant_id, plan.id))
        return found, db.query(SubscriptionItem).filter_by(subscription_id=plan.id).one()


def rows(make: Factories, model: Any, **which: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.query(model).filter_by(**which))


def pay(make: Factories, plan: Subscription, *, now: int = NOON) -> None:
    (invoice,) = rows(make, Invoice, id=now_of(make, plan)[0].latest_invoice_id)
    make.run(payments.pay, PayInvoice, invoice, now=now, paid_out_of_band=True)
