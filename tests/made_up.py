"""Made-up requests that come near to real ones: values of the right kind, ids that exist, moments around now."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from portal import clock
from portal.api.endpoint import ANSWER_TYPES, CALLS
from tests.clients import Api, flattened

#: Parameters that are called otherwise than the type of object they name.
NAMED = {
    "account_tax_ids": "tax_id",
    "configuration": "billing_portal.configuration",
    "default_price": "price",
    "default_tax_rates": "tax_rate",
    "invoice_item": "invoiceitem",
    "invoice_line_item": "line_item",
    "plan": "price",
    "tax_rates": "tax_rate",
    "test_clock": "test_helpers.test_clock",
}
#: How often a made-up value is left as it is.
AS_IT_IS = 0.2
HALF = 0.5
QUERIES = [
    "created>0",
    "-metadata['order']:'6735'",
    "metadata['order']:null OR created<9",
    "currency:'eur'",
    "name~'ada'",
]
FEW = [0, 1, 2, 7, 100, 1999]


@dataclass
class Shop:
    """A merchant with one of everything: `ids` by type of object."""

    api: Api
    ids: Mapping[str, list[str]]

    def request(self, method: str, rule: str, parts: Mapping[str, str], sent: Any, dice: random.Random) -> Any:
        """Send what was made up, its names and moments replaced by likely ones, and have the answer checked."""
        path = rule
        for name, value in parts.items():
            known = self.ids.get(type_behind(rule, name), [])
            chosen = dice.choice(known) if known and dice.random() > AS_IT_IS else value
            path = path.replace(f"<{name}>", quote(chosen, safe="", errors="replace"))
        fields = CALLS[method, rule].model_fields
        given = sent if isinstance(sent, dict) else {}
        # the more there is, the more can be wrong with it
        needed = {name for name, field in fields.items() if field.is_required()}
        fewer = {key: each for key, each in given.items() if key.partition("[")[0] in needed or dice.random() < HALF}
        pairs = flattened(self._likely(fewer, dice, rule))
        return self.api.request(method, path.removeprefix("/"), raw=urlencode(pairs, errors="replace"))

    def _likely(self, value: Any, dice: random.Random, rule: str, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._likely(each, dice, rule, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._likely(each, dice, rule, name) for each in value]
        if dice.random() < AS_IT_IS or isinstance(value, bool) or value == "":
            return value
        if isinstance(value, int):
            return self._number(value, dice)
        return self._word(value, dice, rule, name)

    def _number(self, value: int, dice: random.Random) -> int:
        return clock.now() + dice.randrange(-400, 400) * clock.DAY if value > 10**9 else dice.choice([value, *FEW])

    def _word(self, value: Any, dice: random.Random, rule: str, name: str) -> Any:
        if name == "currency":
            return "eur"
        if name == "query":
            return dice.choice(QUERIES)
        if name in {"starting_after", "ending_before"}:
            name = ANSWER_TYPES["GET", rule].type
        known = self.ids.get(NAMED.get(name, name))
        return dice.choice(known) if known else value


def type_behind(rule: str, name: str) -> str:
    """The type of object that a part of a path names: what a GET of the path up to there answers."""
    head = rule.partition(f"<{name}>")[0]
    for call in (("GET", f"{head}<id>"), ("GET", f"{head}<{name}>")):
        if call in ANSWER_TYPES:
            return ANSWER_TYPES[call].type
    return ""


def stocked(api: Api) -> Shop:
    """The merchant of a key, with one of everything that the API makes."""
    ids: dict[str, list[str]] = {"account": [api.get("account")["id"]]}

    def post(path: str, **sent: Any) -> Any:
        made = api.post(path, **sent)
        ids.setdefault(made["object"], []).append(made["id"])
        return made

    for stock in (_catalogue, _customers, _bills, _portals):
        stock(post, ids)
    return Shop(api, ids)


Post = Callable[..., Any]
Ids = Mapping[str, list[str]]


def _catalogue(post: Post, ids: Ids) -> None:
    product = post("products", name="Gold plan")["id"]
    post("prices", product=product, unit_amount=2000, currency="eur", recurring={"interval": "month"})
    post("prices", product=product, unit_amount=500, currency="eur")
    post("plans", product=product, amount=1200, currency="eur", interval="year")
    post("tax_rates", display_name="VAT", percentage="19", inclusive=False)
    coupon = post("coupons", percent_off=20, duration="repeating", duration_in_months=3)["id"]
    post("promotion_codes", promotion={"type": "coupon", "coupon": coupon}, code="ROCKET")
    fixed = {"amount": 500, "currency": "eur"}
    post("shipping_rates", display_name="Ground shipping", type="fixed_amount", fixed_amount=fixed)


def _customers(post: Post, ids: Ids) -> None:
    clock_id = post("test_helpers/test_clocks", frozen_time=clock.now())["id"]
    post("customers", name="Grace Hopper", test_clock=clock_id)
    customer = post("customers", name="Ada Lovelace", email="ada@example.com")["id"]
    post(f"customers/{customer}/tax_ids", type="eu_vat", value="DE136695976")
    post(f"customers/{customer}/balance_transactions", amount=-100, currency="eur")
    price = ids["price"][0]
    billed = {"collection_method": "send_invoice", "days_until_due": 14}
    made = post("subscriptions", customer=customer, items=[{"price": price}], **billed)
    ids["subscription_item"] = [made["items"]["data"][0]["id"]]


def _bills(post: Post, ids: Ids) -> None:
    customer = ids["customer"][-1]
    post("invoiceitems", customer=customer, amount=100, currency="eur")
    drafted = post("invoices", customer=customer, currency="eur", pending_invoice_items_behavior="include")
    line = drafted["lines"]["data"][0]["id"]
    opened = post("invoices", customer=customer, currency="eur", pending_invoice_items_behavior="exclude")["id"]
    post("invoiceitems", customer=customer, invoice=opened, amount=5000, currency="eur")
    finalized = post(f"invoices/{opened}/finalize")
    post("credit_notes", invoice=opened, amount=500)
    ids["line_item"] = [line, finalized["lines"]["data"][0]["id"]]


def _portals(post: Post, ids: Ids) -> None:
    features = {"invoice_history": {"enabled": True}}
    configuration = post("billing_portal/configurations", features=features)["id"]
    post("billing_portal/sessions", customer=ids["customer"][-1], configuration=configuration)
    post("quotes", customer=ids["customer"][-1], line_items=[{"price": ids["price"][0]}])
    post("subscription_schedules", from_subscription=ids["subscription"][0])
