"""Reads quotes and their lines from the wire; a line and a discount have to be whole, as the reference expands them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portal.objects.catalogue import plan_from_price
from portal.rules.totals import sum_by_rate
from portal.transfer.discounts import frozen_coupon
from portal.transfer.lines import frozen_rates, tax_rate_ids, with_shape_keys
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import Link, RefusedObject, linked_id

Object = Mapping[str, Any]
Columns = dict[str, Any]

_LASTING = ("billing_mode", "description", "effective_date", "metadata", "trial_period_days")


def quote_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a quote. Of discounts that are ids nothing is read: a plain quote with such is refused."""
    computed, moments = object.get("computed") or {}, object.get("status_transitions") or {}
    earlier, finalized = object.get("from_quote") or {}, moments.get("finalized_at")
    return {
        **_number_columns(object.get("number")),
        "upfront": _sums(computed.get("upfront") or {}),
        "recurring": _recurring_sums(computed.get("recurring")),
        "from_quote_id": linked_id(earlier.get("quote")),
        "is_revision": bool(earlier.get("is_revision")),
        "collection_method": object.get("collection_method") or "charge_automatically",
        "default_tax_rates": tax_rate_ids(object.get("default_tax_rates")),
        "discounts": _offered_discounts(object.get("discounts")),
        "finalized_at": finalized,
        "accepted_at": moments.get("accepted_at"),
        "canceled_at": moments.get("canceled_at"),
        "invoice_settings": {
            key: value for key, value in (object.get("invoice_settings") or {}).items() if value and key != "issuer"
        },
        "subscription_data": {
            key: value for key, value in (object.get("subscription_data") or {}).items() if value and key in _LASTING
        },
        "seller": None if finalized is None else dict(origin.seller),
    }


def quote_line_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a quote's line."""
    price, entries = object.get("price") or {}, object.get("discounts") or []
    rates = [each["rate"] for each in object.get("taxes") or []]
    return {
        "price_id": linked_id(price),
        "price": _frozen_price(price) if isinstance(price, dict) else None,
        "description": object.get("description") or "",
        "quantity": 1 if object.get("quantity") is None else object["quantity"],
        "discounts": _offered_discounts(each["discount"] for each in entries),
        "discount_amounts": [{"amount": each["amount"], "discount": linked_id(each["discount"])} for each in entries],
        "tax_rates": frozen_rates(rates),
        "taxes": [_tax_entry(each) for each in object.get("taxes") or []],
        "upfront": True,
    }


def quote_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What a quote stands on that can still be accepted."""
    if not brings_bills:
        return
    if row.get("test_clock_id"):
        yield "test_clocks", row["test_clock_id"]
    for id in row.get("default_tax_rates") or []:
        yield "tax_rates", id
    yield from _source_links(row)


def quote_line_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What a line of a quote stands on."""
    if brings_bills:
        yield "prices", row["price_id"]
        yield from (("tax_rates", rate["id"]) for rate in row.get("tax_rates") or [])
        yield from _source_links(row)


def _source_links(row: Object) -> Iterator[Link]:
    tables = {"coupon": "coupons", "discount": "discounts", "promotion_code": "promotion_codes"}
    for each in row.get("discounts") or []:
        for name, id in each["source"].items():
            yield tables[name], id
        if "coupon_id" in each:
            yield "coupons", each["coupon_id"]


def _offered_discounts(sent: Iterable[Any] | None) -> list[Columns]:
    return [_offered_discount(each) for each in sent or [] if isinstance(each, dict)]


def _offered_discount(sent: Object) -> Columns:
    """A discount that a quote offers; `coupon_id` is there until the coupon is, see `completion`."""
    coupon = sent.get("coupon") or (sent.get("source") or {}).get("coupon")
    if linked_id(coupon) is None:
        raise RefusedObject("discounts: one has no coupon")
    code, whole = linked_id(sent.get("promotion_code")), frozen_coupon(coupon)
    source = {"promotion_code": code} if code else {"coupon": linked_id(coupon)}
    open_end = {} if whole else {"coupon_id": linked_id(coupon)}
    return {"id": sent["id"], "coupon": whole, "promotion_code": code, "source": source, **open_end}


def set_upfront(row: Columns, lines: Sequence[Columns]) -> None:
    """Note which lines are part of the first payment: all but those of a subscription that begins with a trial.

    A line keeps those discounts as its own that the quote doesn't give to all.
    """
    shared = {each["id"] for each in row["discounts"]}
    on_trial = bool(row["subscription_data"].get("trial_period_days"))
    for line in lines:
        line["upfront"] = not (on_trial and (line.get("price") or {}).get("plan"))
        line["discounts"] = [each for each in line["discounts"] if each["id"] not in shared]
    if row["upfront"]["amount_tax"] and not row["upfront"]["taxes"]:
        row["upfront"]["taxes"] = sum_by_rate(tax for line in lines if line["upfront"] for tax in line["taxes"])


def _frozen_price(price: Object) -> Columns:
    """The price as it stands in the line; the stored one takes its place where it is there."""
    whole = with_shape_keys("price", price) | {"object": "price"}
    if whole["unit_amount_decimal"] is None:
        whole["unit_amount_decimal"] = str(price.get("unit_amount"))
    if whole["recurring"]:
        whole["recurring"] = {**_RECURRING, **whole["recurring"]}
    return {"price": whole, "plan": plan_from_price(whole) if whole["recurring"] else None}


_RECURRING = {
    **dict.fromkeys(("aggregate_usage", "interval", "meter", "trial_period_days")),
    "interval_count": 1,
    "usage_type": "licensed",
}


def _tax_entry(sent: Object) -> Columns:
    rate = sent["rate"]
    return {
        "tax_rate": rate["id"],
        "inclusive": bool(rate.get("inclusive")),
        "amount": sent.get("amount") or 0,
        "taxable_amount": sent.get("taxable_amount"),
        "taxability_reason": sent.get("taxability_reason"),
    }


def _sums(sent: Object) -> Columns:
    details = sent.get("total_details") or {}
    named = details.get("breakdown") or {}
    return {
        "amount_discount": details.get("amount_discount") or 0,
        "discounts": [
            {"amount": each["amount"], "discount": linked_id(each["discount"])} for each in named.get("discounts") or []
        ],
        "amount_subtotal": sent.get("amount_subtotal") or 0,
        "amount_total": sent.get("amount_total") or 0,
        "amount_tax": details.get("amount_tax") or 0,
        "taxes": [_tax_entry(each) for each in named.get("taxes") or []],
    }


def _recurring_sums(sent: Object | None) -> Columns | None:
    return sent and {**_sums(sent), "interval": sent.get("interval"), "interval_count": sent.get("interval_count")}  # type: ignore[return-value]


def _number_columns(number: Any) -> Columns:
    """Which of the customer's quotes it is, and which edition, where the number says so."""
    parts = str(number or "").split("-")
    tells = len(parts) > 3 and parts[-1].isdecimal() and parts[-2].isdecimal()
    return {"sequence": int(parts[-2]) if tells else None, "edition": int(parts[-1]) if tells else 1}
