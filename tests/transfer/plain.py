"""Plain objects of the wire, as another system writes them; all belong to one customer, billed on 1 December 2026."""

from __future__ import annotations

from typing import Any

from portal import clock

Object = dict[str, Any]

#: 1 November and 1 December 2026.
START, END = 1_793_491_200, 1_796_083_200
THEN = START - 400 * clock.DAY


def obj(kind: str, id: str, /, **more: Any) -> Object:
    """An object of a type with the keys that each has."""
    return {"id": id, "object": kind, "created": THEN, "livemode": False, "metadata": {}, **more}


def part(kind: str, id: str, /, **more: Any) -> Object:
    """A part of an object, which has no moment of its own."""
    return {"id": id, "object": kind, **more}


def listed(*data: Object) -> Object:
    """A whole list object."""
    return {"object": "list", "data": list(data), "has_more": False, "url": "/v1/things"}


CUSTOMER = obj("customer", "cus_1", email="jenny@example.com", invoice_prefix="J4", currency="eur", balance=0)
PRODUCT = obj("product", "prod_1", name="Gold", active=True)
MONTHLY = {"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None}


def price(id: str = "price_1", amount: int = 2000, **more: Any) -> Object:
    """A price per month."""
    own = {"active": True, "currency": "eur", "product": "prod_1", "recurring": MONTHLY, "type": "recurring"}
    amounts = {"unit_amount": amount, "unit_amount_decimal": str(amount), "billing_scheme": "per_unit"}
    return obj("price", id, **{**own, **amounts, "custom_unit_amount": None, "transform_quantity": None, **more})


PRICE = price()
#: Half the price for ever.
COUPON = obj("coupon", "HALF", duration="forever", percent_off=50.0, times_redeemed=3, valid=True, applies_to=None)
COUPON |= {"amount_off": None, "currency": None, "name": "Half", "max_redemptions": None, "redeem_by": None}
RATE = obj("tax_rate", "txr_1", display_name="VAT", percentage=19.0, inclusive=False, active=True)


def item(id: str = "si_1", of: Object = PRICE, **more: Any) -> Object:
    """An item of a subscription, in the newer generation."""
    period = {"current_period_start": START, "current_period_end": END}
    return obj("subscription_item", id, price=of, quantity=1, subscription="sub_1", **period) | more


def subscription(*items: Object, id: str = "sub_1", **more: Any) -> Object:
    """A subscription of the newer generation, by invoice."""
    own = {"customer": "cus_1", "status": "active", "currency": "eur", "start_date": START}
    billing = {"collection_method": "send_invoice", "days_until_due": 14, "billing_cycle_anchor": START}
    taxes = {"automatic_tax": {"enabled": False, "liability": None, "disabled_reason": None}}
    whole = {**own, **billing, **taxes, "items": listed(*(items or (item(),))), "discounts": [], "schedule": None}
    return obj("subscription", id, **{**whole, "cancel_at_period_end": False, "cancel_at": None, **more})


def discount(id: str = "di_1", **more: Any) -> Object:
    """A discount of the newer generation, which has no moment of creation, nor a whole coupon."""
    source = {"source": {"coupon": "HALF", "type": "coupon"}, "start": START, "end": None, "promotion_code": None}
    return {"id": id, "object": "discount", "customer": "cus_1", "subscription": None, **source, **more}


def older_discount(**more: Any) -> Object:
    """A discount of the older generation, with its coupon as it is without being expanded."""
    found = discount(coupon={key: value for key, value in COUPON.items() if key != "applies_to"}, **more)
    return {key: value for key, value in found.items() if key != "source"}


def phase(start: int, end: int, of: str = "price_1", **more: Any) -> Object:
    """A phase of a schedule."""
    settings = {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}}
    sold = {"price": of, "plan": of, "quantity": 1, "tax_rates": [], "discounts": [], "metadata": {}}
    own = {"start_date": start, "end_date": end, "currency": "eur", "proration_behavior": "none"}
    nothing = {"billing_thresholds": None, "transfer_data": None, "on_behalf_of": None, "trial_end": None}
    parts = {"items": [{**sold, "billing_thresholds": None}], "add_invoice_items": [], "discounts": []}
    more_settings = {"invoice_settings": settings, "default_tax_rates": [], "metadata": {}, "description": None}
    return {**own, **nothing, **parts, **more_settings, **more}


def schedule(*phases: Object, **more: Any) -> Object:
    """A schedule that runs, in its first phase."""
    defaults = {"billing_cycle_anchor": "automatic", "collection_method": "send_invoice", "description": None}
    defaults |= {"invoice_settings": {"days_until_due": 14, "issuer": {"type": "self"}}, "transfer_data": None}
    running = {"start_date": phases[0]["start_date"], "end_date": phases[0]["end_date"]}
    own = {"customer": "cus_1", "subscription": "sub_1", "status": "active", "phases": list(phases)}
    state = {"current_phase": running, "default_settings": defaults, "end_behavior": "release"}
    return obj("subscription_schedule", "sub_sched_1", **{**own, **state, **more})


BASE = (CUSTOMER, PRODUCT, PRICE, COUPON, RATE)
