"""Reads invoices, credit notes, their lines and invoice items from either generation of the wire."""

from collections.abc import Iterator, Mapping
from typing import Any

from portal.billing.ledger import parties
from portal.rules import steps
from portal.rules.instalments import next_amount
from portal.transfer.discounts import discount_amounts, discount_ids
from portal.transfer.lines import (
    frozen_rates,
    line_price_id,
    parent_columns,
    period_columns,
    shipping_cost,
    tax_entries,
    tax_rate_ids,
    unit_amount_text,
)
from portal.transfer.origin import SellerDefaults
from portal.transfer.subscriptions import item_links
from portal.transfer.tables import Link, RefusedObject, linked_id

Object = Mapping[str, Any]
Columns = dict[str, Any]

_MOMENTS = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")


def invoice_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of an invoice that have another form on the wire. Raises `RefusedObject`."""
    if object.get("status") is None:
        raise RefusedObject("status is missing")
    moments = object.get("status_transitions") or {}
    parent = object.get("parent") or {}
    subscription, quote = (parent.get(key) or {} for key in ("subscription_details", "quote_details"))
    entries, cost = tax_entries(object), shipping_cost(object.get("shipping_cost"))
    draft, created = object["status"] == "draft", object.get("created", object.get("date"))
    _refuse_unsplit_tax(object, entries)
    remaining = object.get("amount_remaining", _amount_remaining(object))
    return {
        "created": created,
        "automatically_finalizes_at": _finalizes_at(object, created) if draft else None,
        "discounts": discount_ids(object),
        "total_discount_amounts": discount_amounts(object.get("total_discount_amounts")),
        "shipping_cost": cost,
        "shipping_details": object.get("shipping_details"),
        "starting_balance": object.get("starting_balance") or 0,
        **{key: moments.get(key) for key in _MOMENTS},
        **_total_columns(object, entries),
        "subscription_id": linked_id(object.get("subscription") or subscription.get("subscription")),
        "quote_id": linked_id(object.get("quote") or quote.get("quote")),
        "billing_reason": object.get("billing_reason") or "manual",
        "receipt_number": object.get("receipt_number"),
        "from_invoice_id": linked_id((object.get("from_invoice") or {}).get("invoice")),
        "collection_method": object.get("collection_method") or object.get("billing") or "charge_automatically",
        "period_start": object.get("period_start", created),
        "period_end": object.get("period_end", created),
        "default_tax_rates": frozen_rates(object.get("default_tax_rates")),
        "account_tax_ids": tax_rate_ids(object.get("account_tax_ids")) or None,
        "amount_due": object.get("amount_due", object.get("total")),
        **_part_columns(object, remaining),
        "amount_overpaid": object.get("amount_overpaid") or 0,
        "amount_remaining": remaining,
        "paid_out_of_band": bool(object.get("paid_out_of_band")),
        "rendering": _without_nulls(object.get("rendering")),
        "seller": None if draft else _frozen_seller(object, origin),
        "buyer": None if draft else _frozen_buyer(object, origin, subscription),
        "effective_at": object.get("effective_at") or moments.get("finalized_at"),
    }


def _part_columns(object: Object, remaining: int) -> Columns:
    """The parts that an invoice is to be paid in. What has fallen due falls due again here, as with other invoices."""
    keys = ("amount", "days_until_due", "description", "due_date", "paid_at")
    found = [{**{key: each.get(key) for key in keys}, "fell_due": False} for each in object.get("amounts_due") or ()]
    is_final = bool(found) and object["status"] != "draft"
    return {"amounts_due": found or None, "amount_next": next_amount(found, remaining) if is_final else None}


def invoice_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """The invoice that an invoice revises, and what a draft stands on."""
    if row.get("from_invoice_id"):
        yield "invoices", row["from_invoice_id"]
    if brings_bills:
        if row.get("test_clock_id"):
            yield "test_clocks", row["test_clock_id"]
        yield from (("discounts", id) for id in row.get("discounts") or [])
        # a draft copies its tax rates once more when it is finalized
        yield from (("tax_rates", rate["id"]) for rate in row.get("default_tax_rates") or [])


def invoice_line_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What a line of a draft stands on."""
    if brings_bills:
        yield from (("discounts", id) for id in row.get("discounts") or [])
        yield from (("tax_rates", rate["id"]) for rate in row.get("tax_rates") or [])
        yield from (("tax_rates", tax["tax_rate"]) for tax in row.get("taxes") or [] if tax["tax_rate"])


def invoice_item_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What an item that waits for its bill stands on."""
    yield from item_links(row, brings_bills)
    if brings_bills and row.get("test_clock_id"):
        yield "test_clocks", row["test_clock_id"]


def _finalizes_at(object: Object, created: Any) -> Any:
    """When a draft is finalized by itself; older generations don't say."""
    if object.get("automatically_finalizes_at") is not None or not object.get("auto_advance") or created is None:
        return object.get("automatically_finalizes_at")
    return created + steps.DRAFT_DURATION


def _refuse_unsplit_tax(object: Object, entries: list[Columns]) -> None:
    """Raises `RefusedObject` for a tax of which nobody knows the rate."""
    if object.get("tax") and not entries:
        raise RefusedObject(f"tax: {object['tax']} is divided into no tax rates")


def invoice_line_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of an invoice line."""
    amount = object.get("amount") or 0
    quantity = 1 if object.get("quantity") is None else object["quantity"]
    price = object.get("price") if isinstance(object.get("price"), dict) else None
    return {
        **period_columns(object, None),
        **parent_columns(object),
        "quantity": quantity,
        "unit_amount_decimal": unit_amount_text(object, amount, quantity),
        "price_id": line_price_id(object),
        "price": price and {"price": price, "plan": object.get("plan")},
        "discountable": object.get("discountable", True),
        "discounts": discount_ids(object),
        "discount_amounts": discount_amounts(object.get("discount_amounts")),
        "tax_rates": frozen_rates(object.get("tax_rates")),
        "taxes": tax_entries(object),
    }


def invoice_item_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of an invoice item; its creation time is called `date` on the wire."""
    quantity = 1 if object.get("quantity") is None else object["quantity"]
    found = parent_columns(object)
    del found["invoice_item_id"]
    moment = object.get("date", object.get("created"))
    return {
        **period_columns(object, moment),
        **found,
        "created": moment,
        "quantity": quantity,
        "unit_amount_decimal": unit_amount_text(object, object.get("amount") or 0, quantity),
        "price_id": line_price_id(object),
        "discountable": object.get("discountable", True),
        "discounts": discount_ids(object),
        "tax_rates": tax_rate_ids(object.get("tax_rates")),
    }


def credit_note_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a credit note; its parties are set later, from its invoice.

    In the older wire the type says whether it came before or after payment.
    """
    total, refunds = object.get("total") or 0, object.get("refunds") or []
    given_back = (object.get("out_of_band_amount") or 0) + sum(each.get("amount_refunded") or 0 for each in refunds)
    before = object.get("type") == "pre_payment"
    post = object.get("post_payment_amount", 0 if before else total)
    return {
        **_total_columns(object, tax_entries(object)),
        "discount_amounts": discount_amounts(object.get("discount_amounts")),
        "shipping_cost": shipping_cost(object.get("shipping_cost")),
        "pre_payment_amount": object.get("pre_payment_amount", total if before else 0),
        "post_payment_amount": post,
        "credit_amount": (post or 0) - given_back if object.get("customer_balance_transaction") else 0,
        # refunds stay where the money moved
        "refunds": [],
        "effective_at": object.get("effective_at") or object.get("created"),
    }


def credit_note_line_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a credit note's line."""
    whole = object.get("unit_amount")
    return {
        "discount_amounts": [{**each, "own": False} for each in discount_amounts(object.get("discount_amounts"))],
        "tax_rates": frozen_rates(object.get("tax_rates")),
        "taxes": tax_entries(object),
        "unit_amount_decimal": object.get("unit_amount_decimal") or (None if whole is None else str(whole)),
    }


def _total_columns(object: Object, entries: list[dict[str, Any]]) -> Columns:
    total, tax = object.get("total") or 0, sum(each["amount"] for each in entries)
    subtotal = object.get("subtotal", total)
    inclusive = sum(each["amount"] for each in entries if each["inclusive"])
    return {
        "tax": tax,
        "total_taxes": entries,
        "subtotal": subtotal,
        "subtotal_excluding_tax": _value_or_default(object.get("subtotal_excluding_tax"), subtotal - inclusive),
        "total_excluding_tax": _value_or_default(object.get("total_excluding_tax"), total - tax),
    }


def _value_or_default(value: Any, otherwise: int) -> Any:
    return otherwise if value is None else value


def _amount_remaining(object: Object) -> Any:
    due, paid = object.get("amount_due", object.get("total")), object.get("amount_paid") or 0
    return 0 if object.get("status") in {"paid", "void"} else (due or 0) - paid


def _without_nulls(sent: Object | None) -> Columns | None:
    return {key: value for key, value in sent.items() if value is not None} or None if sent else None


def _frozen_seller(object: Object, origin: SellerDefaults) -> Columns:
    name = object.get("account_name") or origin.seller.get("name")
    country = object.get("account_country") or origin.seller.get("country")
    seller = {**origin.seller, "name": name, "country": country}
    return parties.with_tax_currency(seller, object.get("currency") or "", object.get("metadata") or {})


def _frozen_buyer(object: Object, origin: SellerDefaults, subscription: Object) -> Columns:
    shipping, own = object.get("customer_shipping") or {}, object.get("customer_address")
    details = object.get("subscription_details") or subscription
    return {
        "name": object.get("customer_name"),
        "email": object.get("customer_email"),
        "phone": object.get("customer_phone"),
        "address": own or shipping.get("address"),
        "customer_address": own,
        "shipping": object.get("customer_shipping"),
        "tax_exempt": object.get("customer_tax_exempt") or "none",
        "tax_ids": object.get("customer_tax_ids") or [],
        "locale": origin.locale,
        "e_invoices": parties.pick_metadata(object.get("metadata") or {}, parties.INVOICE_METADATA_KEYS),
        "subscription_metadata": details.get("metadata"),
    }
