"""Every field of the wire's types, as the official client knows them, is kept, refused by name, or harmless."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import stripe
from stripe._stripe_object import StripeObject

from portal import clock
from portal.db import Database, Scope
from portal.transfer.field_tables import FIELDS, fields_of
from portal.transfer.fields import RefusedField
from portal.transfer.reports import ImportReport
from tests.transfer import plain
from tests.transfer import wire_values as values
from tests.transfer.plain import END, START
from tests.transfer.test_round_trip import exported
from tests.transfer.wire_values import COMPANIONS, CONTEXT, EXTRAS, Values

Imported = Callable[..., ImportReport]
pytestmark = pytest.mark.usefixtures("held_clock")

#: What a class says of itself.
OWN_KEYS = {"OBJECT_NAME", "id", "object", "deleted"}

CLASSES: dict[str, tuple[Any, Values]] = {
    "coupon": (stripe.Coupon, values.COUPON_VALUES),
    "credit_note": (stripe.CreditNote, values.CREDIT_NOTE),
    "credit_note_line_item": (stripe.CreditNoteLineItem, values.CREDIT_NOTE_LINE),
    "customer": (stripe.Customer, values.CUSTOMER),
    "customer_balance_transaction": (stripe.CustomerBalanceTransaction, values.BALANCE_TRANSACTION),
    "discount": (stripe.Discount, values.DISCOUNT),
    "invoice": (stripe.Invoice, values.INVOICE),
    "invoiceitem": (stripe.InvoiceItem, values.INVOICE_ITEM),
    "item": (stripe.LineItem, values.QUOTE_LINE),
    "line_item": (stripe.InvoiceLineItem, values.LINE),
    "plan": (stripe.Plan, values.PLAN),
    "price": (stripe.Price, values.PRICE_VALUES),
    "product": (stripe.Product, values.PRODUCT),
    "promotion_code": (stripe.PromotionCode, values.PROMOTION_CODE),
    "quote": (stripe.Quote, values.QUOTE),
    "shipping_rate": (stripe.ShippingRate, values.SHIPPING_RATE),
    "subscription": (stripe.Subscription, values.SUBSCRIPTION),
    "subscription_item": (stripe.SubscriptionItem, values.ITEM),
    "subscription_schedule": (stripe.SubscriptionSchedule, values.SCHEDULE),
    "tax_id": (stripe.TaxId, values.TAX_ID),
    "tax_rate": (stripe.TaxRate, values.TAX_RATE),
}


def base(type: str, id: str) -> dict[str, Any]:
    """A plain object of a type with the least that it needs."""
    found: dict[str, Callable[[], dict[str, Any]]] = {
        "coupon": lambda: {**plain.COUPON, "id": id},
        "credit_note": lambda: plain.obj(
            type,
            id,
            customer="cus_1",
            invoice="in_0",
            number=id,
            total=0,
            currency="eur",
            type="pre_payment",
            status="issued",
        ),
        "credit_note_line_item": lambda: plain.obj(type, id, amount=5, type="invoice_line_item"),
        "customer_balance_transaction": lambda: plain.obj(
            type, id, customer="cus_1", amount=5, currency="eur", ending_balance=0, type="adjustment"
        ),
        "discount": lambda: plain.discount(id),
        "invoice": lambda: plain.obj(type, id, customer="cus_1", currency="eur", status="open", total=0),
        "invoiceitem": lambda: plain.obj(type, id, customer="cus_1", amount=5, currency="eur", date=START),
        "item": lambda: plain.obj(
            type, id, price=plain.PRICE, quantity=1, amount_subtotal=1, amount_tax=0, amount_total=1
        ),
        "line_item": lambda: plain.obj(type, id, amount=5, currency="eur", period={"start": START, "end": END}),
        "plan": lambda: plain.obj(
            type, id, product="prod_1", currency="eur", amount=5, interval="month", interval_count=1
        ),
        "price": lambda: plain.price(id),
        "product": lambda: plain.obj(type, id, name="Gold"),
        "promotion_code": lambda: plain.obj(type, id, code=id, promotion={"coupon": "HALF", "type": "coupon"}),
        "quote": lambda: plain.obj(
            type, id, status="open", customer="cus_1", expires_at=END, line_items=plain.listed(), currency="eur"
        ),
        "shipping_rate": lambda: plain.obj(
            type, id, display_name="Post", fixed_amount={"amount": 5, "currency": "eur"}
        ),
        "subscription": lambda: plain.subscription(plain.item(f"si_{id}"), id=id),
        "subscription_item": lambda: plain.item(id),
        "subscription_schedule": lambda: {
            **plain.schedule(plain.phase(START, END), plain.phase(END, END + clock.DAY), subscription="sub_0"),
            "id": id,
        },
        "tax_id": lambda: plain.obj(type, id, type="eu_vat", value=id, customer="cus_1"),
        "tax_rate": lambda: {**plain.RATE, "id": id},
    }
    return found.get(type, lambda: plain.obj(type, id))()


#: type of a part -> type of the object that it stands in, and under which key
WHOLES = {
    "credit_note_line_item": ("credit_note", "lines"),
    "item": ("quote", "line_items"),
    "line_item": ("invoice", "lines"),
    "subscription_item": ("subscription", "items"),
}


def stored_as(type: str, key: str, found: dict[str, Any]) -> dict[str, Any]:
    """The object that goes into the file: a part in its whole."""
    if type not in WHOLES:
        return found
    outer, sublist = WHOLES[type]
    return {**base(outer, f"whole_{key}"), sublist: plain.listed(found)}


def shown_as(type: str, key: str, shown: dict[str, Any]) -> dict[str, Any] | None:
    """The object as the export has it, wherever it stands."""
    if type == "customer" and key in shown:
        own = {"subscriptions": ["sub_c"], "tax_ids": ["txi_c"]}
        return {**shown[key], **{name: plain.listed(*(shown[id] for id in ids)) for name, ids in own.items()}}
    if type == "plan":
        return shown.get(key) and {**shown[key], **shown[key]["recurring"], "amount": shown[key]["unit_amount"]} | {
            "amount_decimal": shown[key]["unit_amount_decimal"]
        }
    if type not in WHOLES:
        return shown.get(key)
    outer = shown.get(f"whole_{key}")
    return outer and outer[WHOLES[type][1]]["data"][0]


def is_harmless(type: str, path: str) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in fields_of(type).harmless)


def lost(type: str, path: str, sent: Any, shown: Any) -> list[str]:
    """The paths of what was sent and isn't shown."""
    if is_harmless(type, path):
        return []
    if isinstance(sent, dict) and isinstance(shown, str):
        return [] if sent.get("id") == shown else [path]
    if isinstance(sent, str) and isinstance(shown, dict):
        return [] if sent == shown.get("id") else [path]
    if isinstance(sent, dict) and isinstance(shown, dict):
        known = {**shown, "livemode": False, "url": sent.get("url")}
        return [each for key, value in sent.items() for each in lost(type, f"{path}.{key}", value, known.get(key))]
    if isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        return [each for one, other in zip(sent, shown, strict=True) for each in lost(type, path, one, other)]
    return [] if sent == shown or (sent is None and not shown) else [f"{path}: {sent!r} became {shown!r}"]


@pytest.mark.parametrize("type", CLASSES)
def test_every_field_is_kept_or_refused_by_name_or_harmless(
    database: Database, scope: Scope, imported: Imported, type: str
) -> None:
    of_class, given = CLASSES[type]
    names = [name for name in of_class.__annotations__ if name not in OWN_KEYS and not is_harmless(type, name)]
    assert set(names) == set(given), "each field needs a value in wire_values.py, or a reason in field_tables.py"
    sent = {}
    for name in names:
        for at, value in enumerate(given[name] if isinstance(given[name], tuple) else [given[name]]):
            key = f"x_{name}_{at}"
            sent[key] = (name, {**base(type, key), **COMPANIONS.get((type, name), {}), name: deepcopy(value)})
    extras = [each for (of, _), found in EXTRAS.items() if of == type for each in found]
    report = imported(scope, *CONTEXT, *extras, *(stored_as(type, key, found) for key, (_, found) in sent.items()))
    refused = {each.id: each.reason for each in report.refused}
    shown = {each["id"]: each for each in exported(database, scope)}
    faults = []
    for key, (name, found) in sent.items():
        reason = refused.pop(f"whole_{key}" if type in WHOLES else key, None)
        if reason is not None:
            faults += [] if name in reason or REASONS.get((type, name), "?") in reason else [f"{name}: {reason}"]
            continue
        faults += lost(type, name, found[name], (shown_as(type, key, shown) or {}).get(name))
    assert (faults, refused) == ([], {})


#: Refusals whose words don't hold the field's name.
REASONS = {
    ("price", "tiers"): "tiers",
    ("price", "custom_unit_amount"): "an amount of the customer's choice",
}


def nested_classes(annotation: Any) -> Iterator[Any]:
    """The hashes of a field that belong to its class alone."""
    if isinstance(annotation, type) and issubclass(annotation, StripeObject) and "." in annotation.__qualname__:
        yield annotation
    for each in typing.get_args(annotation):
        yield from nested_classes(each)


def leaves(of_class: Any, path: str = "") -> Iterator[str]:
    """The paths of all that a class holds."""
    for name, annotation in of_class.__annotations__.items():
        if path or name not in OWN_KEYS:
            found = list(nested_classes(annotation))
            for each in found:
                yield from leaves(each, f"{path}{name}.")
            if not found:
                yield f"{path}{name}"


def has_value(value: Any, steps: list[str]) -> bool:
    if isinstance(value, (list, tuple)):
        return any(has_value(each, steps) for each in value)
    if not steps:
        return value is not None
    if not isinstance(value, dict):
        return False
    held = value.get(steps[0])
    # what is told by currency has the currency between
    return has_value(list(held.values()) if held and steps[0] == "currency_options" else held, steps[1:])


@pytest.mark.parametrize("type", CLASSES)
def test_no_field_within_a_field_is_left_out(type: str) -> None:
    of_class, given = CLASSES[type]
    refused = [each.path for each in fields_of(type).refused]
    open_paths = [
        path
        for path in leaves(of_class)
        if not is_harmless(type, path)
        and not any(path == each or path.startswith(f"{each}.") for each in refused)
        and not has_value(given, path.split("."))
    ]
    assert open_paths == [], "each needs a value in wire_values.py, or a reason in field_tables.py"


#: A value that each refused field is refused for, by the last part of its path.
MEANT: dict[str, Any] = {
    "aggregate_usage": "sum",
    "bill_on_acceptance": True,
    "billing_schedules": [{"key": "a"}],
    "billing_thresholds": {"amount_gte": 5},
    "current_trial": {"end_date": END},
    "custom_unit_amount": {"minimum": 5},
    "amount_shipping": 5,
    "discounts": ["di_0"],
    "enabled": True,
    "default_tax_rates": ["txr_1"],
    "end_behavior": "renew",
    "flat_amount": {"amount": 5, "currency": "eur"},
    "invoicing_rules": [{"type": "a"}],
    "managed_payments": {"enabled": True},
    "meter": "mtr_1",
    "pending_update": {"expires_at": END},
    "phases": [{"a": 1}],
    "prebilling": {"iterations": 2},
    "proration_discounts": "itemized",
    "quantity_decimal": "1.5",
    "rate_type": "flat_amount",
    "tax_percent": 19,
    "tax_rates": ["txr_1"],
    "tiers": [{"up_to": 5}],
    "tiers_mode": "volume",
    "transform_quantity": {"divide_by": 10, "round": "up"},
    "transform_usage": {"divide_by": 10, "round": "up"},
    "trial_settings.end_behavior.billing_cycle_anchor": "unchanged",
    "type": "account",
    "usage_type": "metered",
    "application_fee_amount": 5,
    "application_fee_percent": 5,
    "on_behalf_of": "acct_2",
    "transfer_data": {"destination": "acct_2"},
}


def put_at(found: Any, steps: list[str], value: Any) -> None:
    """Set a value at a path, in the first object of each list."""
    if isinstance(found.get(steps[0]), list) and len(steps) > 1:
        put_at(found[steps[0]][0], steps[1:], value)
    elif len(steps) > 1:
        put_at(found.setdefault(steps[0], {}) or found.setdefault(steps[0], {}), steps[1:], value)
    else:
        found[steps[0]] = value


@pytest.mark.parametrize(
    ("type", "field"),
    [pytest.param(type, each, id=f"{type} {each.path}") for type, table in FIELDS.items() for each in table.refused],
)
def test_each_refused_field_names_itself(imported: Imported, scope: Scope, type: str, field: RefusedField) -> None:
    found: Any = deepcopy(base(type, "x"))
    if type == "invoice":
        found |= {"status": "draft", "lines": plain.listed(base("line_item", "il_x"))}
    for step in field.path.split(".")[:-1]:
        if found.get(step) is None:
            found.pop(step, None)
    if type == "subscription_item" and field.path.startswith("plan."):
        found["plan"] = {"id": "price_1", "object": "plan"}
    put_at(found, field.path.split("."), MEANT.get(field.path, MEANT.get(field.path.split(".")[-1])))
    report = imported(scope, *CONTEXT, stored_as(type, "x", found))
    assert [each.reason.split(": ")[0] for each in report.refused] == [field.path]


def test_each_harmless_field_has_its_reason() -> None:
    assert {
        f"{type}.{path}" for type, table in FIELDS.items() for path, why in table.harmless.items() if len(why) < 9
    } == set()
