"""A merchant's program of discounts, quotes, schedules, checkout and test clocks, with whichever client it finds.

Run with the address and a key; prints what each call answered, by its name in the reference.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import stripe

stripe.api_base = stripe.upload_api_base = sys.argv[1]
stripe.api_key = sys.argv[2]
FAILURE: type[Exception] = stripe.StripeError if hasattr(stripe, "StripeError") else stripe.error.StripeError
OLDER = not hasattr(stripe, "StripeClient")
ANSWERS: dict[str, Any] = {}
DAY = 86_400
FROZEN = 1_900_000_000


def call(name: str, make: Callable[[], Any]) -> Any:
    try:
        answer = make()
    except FAILURE as error:
        ANSWERS[name] = {"failed": str(error)}
        raise SystemExit(json.dumps(ANSWERS)) from None
    ANSWERS[name] = json.loads(str(answer))
    return answer


def main() -> None:
    """Every call, in an order in which each finds what it needs."""
    if not OLDER:
        stripe.upload_api_base = stripe.api_base
    clock = _clocks()
    customer = stripe.Customer.create(name="Jenny Rosen", email="jenny.rosen@example.com", test_clock=clock)
    product = stripe.Product.create(name="Gold plan")
    monthly = {"interval": "month"}
    price = stripe.Price.create(product=product.id, unit_amount=2000, currency="eur", recurring=monthly)
    coupon = _coupons()
    code = _promotion_codes(coupon)
    _discounts(customer.id, price.id, coupon, code)
    _quotes(customer.id, price.id, coupon)
    _schedules(customer.id, price.id, coupon)
    _checkout()
    _end(clock)
    print(json.dumps(ANSWERS))


def _clocks() -> str:
    clocks = stripe.test_helpers.TestClock
    made = call("TestClock.create", lambda: clocks.create(frozen_time=FROZEN, name="A year in seconds"))
    call("TestClock.retrieve", lambda: clocks.retrieve(made.id))
    call("TestClock.list", lambda: clocks.list(limit=3))
    return str(made.id)


def _end(clock: str) -> None:
    clocks = stripe.test_helpers.TestClock
    call("TestClock.advance", lambda: clocks.advance(clock, frozen_time=FROZEN + 40 * DAY))
    call("TestClock.delete", lambda: clocks.retrieve(clock).delete())


def _coupons() -> str:
    coupons = stripe.Coupon
    made = call("Coupon.create", lambda: coupons.create(percent_off=25, duration="repeating", duration_in_months=3))
    call("Coupon.retrieve", lambda: coupons.retrieve(made.id))
    call("Coupon.modify", lambda: coupons.modify(made.id, metadata={"order_id": "6735"}))
    call("Coupon.list", lambda: coupons.list(limit=3))
    spare = coupons.create(amount_off=500, currency="eur", duration="once")
    call("Coupon.delete", lambda: spare.delete())
    return str(made.id)


def _promotion_codes(coupon: str) -> str:
    codes = stripe.PromotionCode
    sent: dict[str, Any] = {"coupon": coupon} if OLDER else {"promotion": {"type": "coupon", "coupon": coupon}}
    made = call("PromotionCode.create", lambda: codes.create(**sent, code="SPRING"))
    call("PromotionCode.retrieve", lambda: codes.retrieve(made.id))
    call("PromotionCode.modify", lambda: codes.modify(made.id, metadata={"order_id": "6735"}))
    call("PromotionCode.list", lambda: codes.list(code="spring"))
    return str(made.id)


def _discounts(customer: str, price: str, coupon: str, code: str) -> None:
    older: dict[str, Any] = {"coupon": coupon} if OLDER else {"discounts": [{"coupon": coupon}]}
    newer: dict[str, Any] = {"promotion_code": code} if OLDER else {"discounts": [{"promotion_code": code}]}
    made = call(
        "Subscription.create with a coupon",
        lambda: stripe.Subscription.create(customer=customer, items=[{"price": price}], **older),
    )
    call("Subscription.delete_discount", lambda: stripe.Subscription.delete_discount(made.id))
    call("Subscription.modify with a code", lambda: stripe.Subscription.modify(made.id, **newer))
    call("Customer.modify with a coupon", lambda: stripe.Customer.modify(customer, coupon=coupon))
    call("Customer.delete_discount", lambda: stripe.Customer.delete_discount(customer))


def _quotes(customer: str, price: str, coupon: str) -> None:
    quotes = stripe.Quote
    lines = [{"price": price, "quantity": 2}]
    made = call(
        "Quote.create", lambda: quotes.create(customer=customer, line_items=lines, discounts=[{"coupon": coupon}])
    )
    call("Quote.retrieve", lambda: quotes.retrieve(made.id, expand=["discounts"]))
    call("Quote.modify", lambda: quotes.modify(made.id, metadata={"order_id": "6735"}))
    call("Quote.list", lambda: quotes.list(limit=3, customer=customer))
    call("Quote.list_line_items", lambda: quotes.list_line_items(made.id))
    call("Quote.list_computed_upfront_line_items", lambda: quotes.list_computed_upfront_line_items(made.id))
    call("Quote.finalize_quote", lambda: quotes.finalize_quote(made.id))
    call("Quote.pdf", lambda: json.dumps({"object": "file", "begins": quotes.pdf(made.id).io.read(5).decode()}))
    call("Quote.accept", lambda: quotes.accept(made.id))
    spare = quotes.create(customer=customer, line_items=lines)
    call("Quote.cancel", lambda: quotes.cancel(spare.id))


def _schedules(customer: str, price: str, coupon: str) -> None:
    schedules = stripe.SubscriptionSchedule
    older: dict[str, Any] = {"coupon": coupon} if OLDER else {"discounts": [{"coupon": coupon}]}
    length: dict[str, Any] = {"iterations": 2} if OLDER else {"duration": {"interval": "month", "interval_count": 2}}
    phase = {"items": [{"price": price, "quantity": 1}], **length}

    def planned(start: Any = "now") -> Any:
        return schedules.create(
            customer=customer, start_date=start, end_behavior="release", phases=[phase | older, phase]
        )

    made = call("SubscriptionSchedule.create", planned)
    call("SubscriptionSchedule.retrieve", lambda: schedules.retrieve(made.id, expand=["subscription"]))
    call("SubscriptionSchedule.modify", lambda: schedules.modify(made.id, end_behavior="cancel"))
    call("SubscriptionSchedule.list", lambda: schedules.list(limit=3, customer=customer))
    call("SubscriptionSchedule.release", lambda: schedules.release(made.id))
    later = planned(FROZEN + DAY)
    call("SubscriptionSchedule.cancel", lambda: schedules.cancel(later.id))


def _checkout() -> None:
    account = stripe.Account.retrieve()
    transfers = {"bank_transfer": {"iban": "DE02120300000000202051", "holder": "Rocket Rides"}}
    stripe.Account.modify(account.id, settings={"invoices": transfers})
    once = {"currency": "eur", "product": stripe.Product.create(name="A bell").id}
    bell = stripe.Price.create(unit_amount=1000, **once)
    wrap = stripe.Price.create(unit_amount=300, **once)
    rate = stripe.ShippingRate.create(
        display_name="Standard", type="fixed_amount", fixed_amount={"amount": 500, "currency": "eur"}
    )
    sent: dict[str, Any] = {
        "line_items": [{"price": bell.id, "quantity": 1}],
        "optional_items": [{"price": wrap.id, "quantity": 2}],
        "shipping_address_collection": {"allowed_countries": ["DE"]},
        "shipping_options": [{"shipping_rate": rate.id}],
        "custom_fields": [{"key": "size", "label": {"type": "custom", "custom": "Size"}, "type": "text"}],
    }
    session = stripe.checkout.Session.create(mode="payment", **sent)
    typed = {"email": "jenny@example.com", "name": "Jenny Rosen", "field_0": "XL", "add_1": "y"}
    typed |= {"shipping-name": "Jenny", "shipping-line1": "Lindenstr. 3", "shipping-country": "DE"}
    typed |= {"shipping-postal_code": "10969", "way": "customer_balance"}
    for button in ("update", "buy"):
        _press(session.url, typed, button)
    call("Session.retrieve", lambda: stripe.checkout.Session.retrieve(session.id, expand=["invoice", "line_items"]))
    call("PaymentLink.create", lambda: stripe.PaymentLink.create(**sent))


def _press(url: str, typed: dict[str, str], button: str) -> None:
    page = urllib.request.urlopen(url).read().decode()  # noqa: S310 - an address of the portal
    shown = re.search(r'name="amount"[^>]*value="(\d+)"', page)
    assert shown, page
    data = urllib.parse.urlencode({**typed, "amount": shown[1], "do": button}).encode()
    urllib.request.urlopen(url, data).read()  # noqa: S310


if __name__ == "__main__":
    main()
