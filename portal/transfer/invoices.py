"""Invoices, credit notes, their lines and invoice items, in either generation of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.billing.ledger import parties
from portal.transfer.lines import frozen_rates, parent, period, price_id, rate_ids, taxes, unit_amount
from portal.transfer.origin import Origin
from portal.transfer.tables import id_of

Object = Mapping[str, Any]
Columns = dict[str, Any]

_MOMENTS = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")


def invoice(object: Object, origin: Origin) -> Columns:
    """The columns of an invoice that the wire says in another form."""
    moments = object.get("status_transitions") or {}
    subscription = (object.get("parent") or {}).get("subscription_details") or {}
    entries = taxes(object)
    draft = object.get("status") == "draft"
    return {
        **{key: moments.get(key) for key in _MOMENTS},
        **_sums(object, entries),
        "subscription_id": id_of(object.get("subscription") or subscription.get("subscription")),
        "billing_reason": object.get("billing_reason") or "manual",
        "receipt_number": object.get("receipt_number"),
        "from_invoice_id": id_of((object.get("from_invoice") or {}).get("invoice")),
        "collection_method": object.get("collection_method") or "charge_automatically",
        "period_start": object.get("period_start", object.get("created")),
        "period_end": object.get("period_end", object.get("created")),
        "default_tax_rates": frozen_rates(object.get("default_tax_rates")),
        "account_tax_ids": rate_ids(object.get("account_tax_ids")) or None,
        "amount_due": object.get("amount_due", object.get("total")),
        "amount_overpaid": object.get("amount_overpaid") or 0,
        "amount_remaining": object.get("amount_remaining", _remaining(object)),
        "paid_out_of_band": bool(object.get("paid_out_of_band")),
        "rendering": _given(object.get("rendering")),
        "seller": None if draft else _seller(object, origin),
        "buyer": None if draft else _buyer(object, origin, subscription),
        "effective_at": object.get("effective_at") or moments.get("finalized_at"),
    }


def line(object: Object, origin: Origin) -> Columns:
    """The columns of an invoice line."""
    amount = object.get("amount") or 0
    quantity = 1 if object.get("quantity") is None else object["quantity"]
    price = object.get("price") if isinstance(object.get("price"), dict) else None
    return {
        **period(object, None),
        **parent(object),
        "quantity": quantity,
        "unit_amount_decimal": unit_amount(object, amount, quantity),
        "price_id": price_id(object),
        "price": price and {"price": price, "plan": object.get("plan")},
        "discountable": object.get("discountable", True),
        "tax_rates": frozen_rates(object.get("tax_rates")),
        "taxes": taxes(object),
    }


def invoice_item(object: Object, origin: Origin) -> Columns:
    """The columns of an invoice item; its moment is called `date`."""
    quantity = 1 if object.get("quantity") is None else object["quantity"]
    found = parent(object)
    del found["invoice_item_id"]
    moment = object.get("date", object.get("created"))
    return {
        **period(object, moment),
        **found,
        "created": moment,
        "quantity": quantity,
        "unit_amount_decimal": unit_amount(object, object.get("amount") or 0, quantity),
        "price_id": price_id(object),
        "discountable": object.get("discountable", True),
        "tax_rates": rate_ids(object.get("tax_rates")),
    }


def credit_note(object: Object, origin: Origin) -> Columns:
    """The columns of a credit note, whose parties are its invoice's.

    The older wire says by the type whether it came before or after payment.
    """
    total, given_back = object.get("total") or 0, object.get("out_of_band_amount") or 0
    before = object.get("type") == "pre_payment"
    post = object.get("post_payment_amount", 0 if before else total)
    return {
        **_sums(object, taxes(object)),
        "pre_payment_amount": object.get("pre_payment_amount", total if before else 0),
        "post_payment_amount": post,
        "credit_amount": (post or 0) - given_back if object.get("customer_balance_transaction") else 0,
        "effective_at": object.get("effective_at") or object.get("created"),
    }


def credit_note_line(object: Object, origin: Origin) -> Columns:
    """The columns of a credit note's line."""
    return {"tax_rates": frozen_rates(object.get("tax_rates")), "taxes": taxes(object)}


def _sums(object: Object, entries: list[dict[str, Any]]) -> Columns:
    total, tax = object.get("total") or 0, sum(each["amount"] for each in entries)
    subtotal = object.get("subtotal", total)
    inclusive = sum(each["amount"] for each in entries if each["inclusive"])
    return {
        "tax": tax,
        "total_taxes": entries,
        "subtotal": subtotal,
        "subtotal_excluding_tax": _known(object.get("subtotal_excluding_tax"), subtotal - inclusive),
        "total_excluding_tax": _known(object.get("total_excluding_tax"), total - tax),
    }


def _known(value: Any, otherwise: int) -> Any:
    return otherwise if value is None else value


def _remaining(object: Object) -> Any:
    due, paid = object.get("amount_due", object.get("total")), object.get("amount_paid") or 0
    return 0 if object.get("status") in {"paid", "void"} else (due or 0) - paid


def _given(sent: Object | None) -> Columns | None:
    return {key: value for key, value in sent.items() if value is not None} or None if sent else None


def _seller(object: Object, origin: Origin) -> Columns:
    name = object.get("account_name") or origin.seller.get("name")
    country = object.get("account_country") or origin.seller.get("country")
    seller = {**origin.seller, "name": name, "country": country}
    return parties.with_tax_currency(seller, object.get("currency") or "", object.get("metadata") or {})


def _buyer(object: Object, origin: Origin, subscription: Object) -> Columns:
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
        "e_invoices": parties.kept(object.get("metadata") or {}, parties.OF_INVOICES),
        "subscription_metadata": details.get("metadata"),
    }
