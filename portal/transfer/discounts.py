"""Reads coupons, promotion codes and discounts, also those that stand within customers, subscriptions and bills."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.billing.discounts.promotion_codes import active_key
from portal.objects import OBJECT_TYPES
from portal.rules.money import decimal_text
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import Link, RefusedObject, linked_id

Object = Mapping[str, Any]
Columns = dict[str, Any]


def coupon_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a coupon that have another form on the wire."""
    return {
        "percent_off": exact_percent(object),
        "applies_to": (object.get("applies_to") or {}).get("products") or None,
        "currency_options": object.get("currency_options") or {},
    }


def exact_percent(coupon: Object) -> str | None:
    """The percentage of a coupon as decimal text; None for one of an amount."""
    percent = coupon.get("percent_off_precise", coupon.get("percent_off"))
    return None if percent is None else decimal_text(Decimal(str(percent)))


def frozen_coupon(sent: Any) -> Columns | None:
    """A coupon as discounts keep it; None where only its id is there.

    It has no `applies_to` where that was not told: `completion` then asks the coupon itself.
    """
    if not isinstance(sent, dict):
        return None
    told = "applies_to" in sent
    kept = {key: sent.get(key) for key in OBJECT_TYPES["coupon"].shape.keys if told or key != "applies_to"}
    return {**kept, "object": "coupon", "exact_percent_off": exact_percent(sent)}


def promotion_code_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a promotion code, whose coupon stands in `coupon` or in `promotion`."""
    coupon, customer = _coupon_of(object, "promotion"), linked_id(object.get("customer"))
    active = bool(object.get("active", True))
    return {
        **_coupon_columns(coupon),
        "active": active,
        "active_key": active_key(str(object.get("code")), customer) if active else None,
        "restrictions": {key: value for key, value in (object.get("restrictions") or {}).items() if value},
    }


def discount_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a discount, whose coupon stands in `coupon` or in `source`; it was created when it started."""
    return {**_coupon_columns(_coupon_of(object, "source")), "created": object.get("created", object.get("start"))}


def coupon_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """The coupon that has to be copied, where only its id is there."""
    if not row.get("coupon") and row.get("coupon_id"):
        yield "coupons", row["coupon_id"]


def discount_ids(object: Object) -> list[Any]:
    """The ids of the discounts of an object, in either generation."""
    return [each["id"] if isinstance(each, dict) else each for each in _sent_discounts(object)]


def discount_amounts(sent: Sequence[Any] | None) -> list[Any]:
    """What discounts take off, each by the discount's id."""
    return [{**each, "discount": linked_id(each.get("discount"))} for each in sent or []]


def discounts_within(object: Object) -> Iterator[Columns]:
    """The whole discounts that stand within an object and its parts, as objects of their own."""
    type, customer = object["object"], linked_id(object.get("customer"))
    if type == "customer":
        yield from _whole_discounts(object, {"customer": object["id"]})
    elif type == "subscription":
        own = {"customer": customer, "subscription": object["id"]}
        yield from _whole_discounts(object, own)
        for item in (object.get("items") or {}).get("data") or []:
            yield from _whole_discounts(item, {**own, "subscription_item": item.get("id")})
    elif type in {"invoice", "invoiceitem"}:
        for holder in (object, *((object.get("lines") or {}).get("data") or [])):
            yield from _whole_discounts(holder, {"customer": customer})


def _whole_discounts(holder: Any, owner: Object) -> Iterator[Columns]:
    for each in _sent_discounts(holder) if isinstance(holder, dict) else []:
        if isinstance(each, dict) and not each.get("deleted"):
            # what the discount itself says of its owner goes before where it stands
            said = {key: value for key, value in each.items() if value is not None}
            yield {"object": "discount", **owner, **said, "id": each["id"]}


def _sent_discounts(holder: Object) -> list[Any]:
    """`discounts`, or the only `discount` of older generations, which had no id."""
    sent = holder.get("discounts") or ([holder["discount"]] if holder.get("discount") else [])
    return [each if not isinstance(each, dict) or each.get("id") else _with_id(each, holder) for each in sent]


def _with_id(discount: Object, holder: Object) -> Columns:
    return {**discount, "id": f"di_{holder.get('id')}"}


def _coupon_of(object: Object, newer: str) -> Any:
    """The coupon, whole or its id, whichever generation the object is of."""
    coupon = (object.get(newer) or {}).get("coupon")
    older = object.get("coupon")
    return older if isinstance(older, dict) or coupon is None else coupon


def _coupon_columns(coupon: Any) -> Columns:
    if linked_id(coupon) is None:
        raise RefusedObject("coupon is missing")
    return {"coupon_id": linked_id(coupon), "coupon": frozen_coupon(coupon)}
