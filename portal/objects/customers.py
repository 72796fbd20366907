"""Customers, tax ids and the entries of the credit balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import BalanceTransaction, Customer, Invoice, Subscription, TaxId, TestClock
from portal.objects.accounts import EMPTY_ADDRESS
from portal.objects.discounts import only, running
from portal.objects.kinds import Kind, grouped, register, render
from portal.wire.shape import Context, Ref, Row, Shape, listing, nulls

SUBLIST = 10


def address(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored address with every key of the wire, or None."""
    return None if stored is None else {**EMPTY_ADDRESS, **stored}


def shipping(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """Who receives goods and where, with every key of the wire, or None."""
    keys = nulls("address", "carrier", "name", "phone", "tracking_number")
    return stored and {**keys, **stored, "address": address(stored.get("address"))}


def _invoice_settings(row: Row, context: Context) -> dict[str, Any]:
    settings = {
        **nulls("custom_fields", "default_payment_method", "footer", "rendering_options"),
        **row.invoice_settings,
    }
    if settings["rendering_options"]:
        settings["rendering_options"] = {**nulls("amount_tax_display", "template"), **settings["rendering_options"]}
    return settings


def _delinquent(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, bool]:
    """Customers with an overdue open invoice, by the time that it is for each."""
    clocks = select(TestClock.frozen_time).where(
        TestClock.tenant_id == Invoice.tenant_id, TestClock.id == Invoice.test_clock_id
    )
    found = db.scalars(
        select(Invoice.customer_id).where(
            Invoice.customer_id.in_([row.id for row in rows]),
            Invoice.status == "open",
            Invoice.due_date < func.coalesce(clocks.scalar_subquery(), context.now),
        )
    )
    return dict.fromkeys(found, True)


def _discounts(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return running(db, [row.discount_id for row in rows if row.discount_id], context)


def _tax_ids(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return _sublists(db, "tax_id", TaxId, ids, context, "/v1/customers/{}/tax_ids")


def _subscriptions(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return _sublists(
        db,
        "subscription",
        Subscription,
        ids,
        context,
        "/v1/customers/{}/subscriptions",
        Subscription.ended_at.is_(None),
    )


def _sublists(
    db: Session, type: str, model: Any, ids: Sequence[str], context: Context, url: str, *conditions: Any
) -> Mapping[str, Any]:
    rows = db.scalars(
        select(model).where(model.customer_id.in_(ids), *conditions).order_by(model.created.desc(), model.id.desc())
    ).all()
    shown = dict(zip(rows, render(db, type, rows, context.links), strict=True))
    groups = grouped(rows, "customer_id")
    return {
        id: listing(
            [shown[row] for row in groups.get(id, [])[:SUBLIST]],
            url.format(id),
            has_more=len(groups.get(id, [])) > SUBLIST,
        )
        for id in ids
    }


CUSTOMER = register(
    Kind(
        Shape(
            "customer",
            same=(
                "balance",
                "created",
                "currency",
                "description",
                "email",
                "invoice_prefix",
                "name",
                "next_invoice_sequence",
                "phone",
                "preferred_locales",
                "tax_exempt",
                "unsubscribed_from",
            ),
            fields={
                **nulls("cash_balance", "customer_account", "default_source"),
                **nulls("business_name", "individual_name"),
                "address": lambda row, context: address(row.address),
                "discount": lambda row, context: only([row.discount_id], context.preloaded["discounts"]),
                "delinquent": lambda row, context: context.preloaded["delinquent"].get(row.id, False),
                "invoice_credit_balance": lambda row, context: {},
                "invoice_settings": _invoice_settings,
                # beyond the reference: the last mail that didn't arrive
                "mail_failure": "mail_failure",
                "metadata": "metadata_",
                "shipping": lambda row, context: shipping(row.shipping),
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
            },
            extras={"tax_ids": "customer.tax_ids", "subscriptions": "customer.subscriptions"},
        ),
        Customer,
        "customer",
        preload={"delinquent": _delinquent, "discounts": _discounts},
    ),
    extras={"customer.tax_ids": _tax_ids, "customer.subscriptions": _subscriptions},
)


def _owner(row: Row, context: Context) -> dict[str, Any]:
    type = "customer" if row.customer_id else "self"
    return {**nulls("account", "application", "customer_account"), "customer": row.customer_id, "type": type}


TAX_ID = register(
    Kind(
        Shape(
            "tax_id",
            same=("country", "created", "type", "value"),
            fields={
                "customer": Ref("customer_id", "customer"),
                "customer_account": None,
                "owner": _owner,
                "verification": lambda row, context: {
                    "status": row.verification,
                    **nulls("verified_address", "verified_name"),
                },
            },
            nested={"owner.customer": "customer"},
        ),
        TaxId,
        "tax ID",
    )
)

BALANCE_TRANSACTION = register(
    Kind(
        Shape(
            "customer_balance_transaction",
            same=("amount", "created", "currency", "description", "ending_balance", "type"),
            fields={
                **nulls("checkout_session", "customer_account"),
                "credit_note": Ref("credit_note_id", "credit_note"),
                "customer": Ref("customer_id", "customer"),
                "invoice": Ref("invoice_id", "invoice"),
                "metadata": "metadata_",
            },
        ),
        BalanceTransaction,
        "customer balance transaction",
    )
)
