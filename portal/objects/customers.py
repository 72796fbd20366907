"""The wire form of customers, tax ids and balance transactions."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.hot_reads import HotStatement
from portal.models import BalanceTransaction, Customer, Invoice, Subscription, TaxId, TestClock
from portal.objects.accounts import EMPTY_ADDRESS
from portal.objects.discounts import only_discount, running_discounts_by_id
from portal.objects.kinds import ObjectType, group_by, register, render
from portal.objects.types import customers as schemas
from portal.session_reads import one_of, read_rows
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list

SUBLIST_LIMIT = 10


def render_address(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored address with every key of the wire, or None."""
    return None if stored is None else {**EMPTY_ADDRESS, **stored}


def render_shipping(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored shipping hash with every key of the wire, or None."""
    keys = null_fields("address", "carrier", "name", "phone", "tracking_number")
    return stored and {**keys, **stored, "address": render_address(stored.get("address"))}


def _invoice_settings(row: Row, context: Context) -> dict[str, Any]:
    settings = {
        **null_fields("custom_fields", "default_payment_method", "footer", "rendering_options"),
        **row.invoice_settings,
    }
    settings["default_payment_method"] = row.default_payment_method_id or settings["default_payment_method"]
    if settings["rendering_options"]:
        settings["rendering_options"] = {
            **null_fields("amount_tax_display", "template"),
            **settings["rendering_options"],
        }
    return settings


def _preload_delinquent(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, bool]:
    """Which customers have an overdue open invoice, by each invoice's own time (its test clock's, or now)."""
    values = {"tenant_id": scope_of(db).tenant_id, "ids": [row.id for row in rows], "now": context.now}
    return {found.customer_id: True for found in read_rows(db, _DELINQUENT, values)}


_CLOCKS = select(TestClock.frozen_time).where(
    TestClock.tenant_id == Invoice.tenant_id, TestClock.id == Invoice.test_clock_id
)
_DELINQUENT = HotStatement(
    select(Invoice.customer_id).where(
        Invoice.tenant_id == bindparam("tenant_id"),
        one_of(Invoice.customer_id, "ids"),
        Invoice.status == "open",
        Invoice.due_date < func.coalesce(_CLOCKS.scalar_subquery(), bindparam("now", type_=BigInteger)),
    )
)


def _preload_discounts(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return running_discounts_by_id(db, [row.discount_id for row in rows if row.discount_id], context)


def _load_tax_ids(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return _load_sublists(db, "tax_id", TaxId, ids, context, "/v1/customers/{}/tax_ids")


def _load_subscriptions(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return _load_sublists(
        db,
        "subscription",
        Subscription,
        ids,
        context,
        "/v1/customers/{}/subscriptions",
        Subscription.ended_at.is_(None),
    )


def _load_no_sources(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return {id: render_list([], f"/v1/customers/{id}/sources") for id in ids}


def _load_tax(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    """What a tax service would know of each customer: no taxes are computed here."""
    return {id: {"automatic_tax": "not_collecting", **null_fields("ip_address", "location", "provider")} for id in ids}


def _load_sublists(
    db: Session, type: str, model: Any, ids: Sequence[str], context: Context, url: str, *conditions: Any
) -> Mapping[str, Any]:
    rows = db.scalars(
        select(model).where(model.customer_id.in_(ids), *conditions).order_by(model.created.desc(), model.id.desc())
    ).all()
    shown = dict(zip(rows, render(db, type, rows, context.links), strict=True))
    groups = group_by(rows, "customer_id")
    return {
        id: render_list(
            [shown[row] for row in groups.get(id, [])[:SUBLIST_LIMIT]],
            url.format(id),
            has_more=len(groups.get(id, [])) > SUBLIST_LIMIT,
        )
        for id in ids
    }


CUSTOMER = register(
    ObjectType(
        Shape(
            "customer",
            same=(
                "balance",
                "business_name",
                "created",
                "currency",
                "description",
                "email",
                "email_recipients",
                "individual_name",
                "invoice_prefix",
                "name",
                "next_invoice_sequence",
                "phone",
                "preferred_locales",
                "tax_exempt",
                "unsubscribed_from",
            ),
            fields={
                **null_fields("cash_balance", "customer_account", "default_source"),
                "address": lambda row, context: render_address(row.address),
                "discount": lambda row, context: only_discount([row.discount_id], context.preloaded["discounts"]),
                "delinquent": lambda row, context: context.preloaded["delinquent"].get(row.id, False),
                "invoice_credit_balance": lambda row, context: {},
                "invoice_settings": _invoice_settings,
                # beyond the reference: the last mail that didn't arrive
                "mail_failure": "mail_failure",
                "metadata": "metadata_",
                "shipping": lambda row, context: render_shipping(row.shipping),
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
            },
            nested={"invoice_settings.default_payment_method": "payment_method"},
            unfilled=("cash_balance", "default_source", "invoice_credit_balance"),
            extras={
                "sources": "customer.sources",
                "subscriptions": "customer.subscriptions",
                "tax": "customer.tax",
                "tax_ids": "customer.tax_ids",
            },
        ),
        Customer,
        "customer",
        schemas=schemas.CUSTOMER,
        preload={"delinquent": _preload_delinquent, "discounts": _preload_discounts},
    ),
    extras={
        "customer.sources": _load_no_sources,
        "customer.subscriptions": _load_subscriptions,
        "customer.tax": _load_tax,
        "customer.tax_ids": _load_tax_ids,
    },
)


def _tax_id_owner(row: Row, context: Context) -> dict[str, Any]:
    type = "customer" if row.customer_id else "self"
    return {**null_fields("account", "application", "customer_account"), "customer": row.customer_id, "type": type}


TAX_ID = register(
    ObjectType(
        Shape(
            "tax_id",
            same=("country", "created", "type", "value"),
            fields={
                "customer": Ref("customer_id", "customer"),
                "customer_account": None,
                "owner": _tax_id_owner,
                "verification": lambda row, context: {
                    "status": row.verification,
                    **null_fields("verified_address", "verified_name"),
                },
            },
            nested={"owner.customer": "customer"},
            unfilled=("owner.account", "owner.application"),
        ),
        TaxId,
        "tax ID",
        schemas=schemas.TAX_ID,
    )
)

BALANCE_TRANSACTION = register(
    ObjectType(
        Shape(
            "customer_balance_transaction",
            same=("amount", "created", "currency", "description", "ending_balance", "type"),
            fields={
                **null_fields("checkout_session", "customer_account"),
                "credit_note": Ref("credit_note_id", "credit_note"),
                "customer": Ref("customer_id", "customer"),
                "invoice": Ref("invoice_id", "invoice"),
                "metadata": "metadata_",
            },
            unfilled=("checkout_session",),
        ),
        BalanceTransaction,
        "customer balance transaction",
    )
)
