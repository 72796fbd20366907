"""Mails about subscriptions that were canceled or changed, with a link that takes back what is still to come."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.catalogue import products
from portal.billing.customer_portal import plan_undo
from portal.billing.subscriptions import items
from portal.db import find_row, rows_by_id
from portal.models import Customer, Mail, Price, Subscription
from portal.outbox.document_mails import invoice_attachment
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.rules.money import multiply_price


def build_canceled_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was canceled, when, and when it ends, with the latest invoice; None when the end was taken back."""
    subscription, customer = find_subscription(db, mail)
    ends = subscription.ended_at or subscription.cancel_at
    if customer is None or ends is None:
        return None
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        attachments=invoice_attachment(services, db, subscription.latest_invoice_id),
        plan=name_plan(db, subscription),
        canceled_at=subscription.canceled_at,
        ends_at=ends,
        ended=subscription.ended_at is not None,
        keep_url=_undo_link(services, db, subscription, ends),
    )


def _undo_link(services: Services, db: Session, subscription: Subscription, at: int) -> str | None:
    """Where the customer takes back what happens to the subscription at `at`; None where that can't be done."""
    if plan_undo.find_undoable(db, subscription, at, now=clock.now()) is None:
        return None
    return services.links.plan_undo(subscription.tenant_id, subscription.id, at)


def build_changed_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was changed to what, as agreed at that time, with its invoice."""
    subscription, customer = find_subscription(db, mail)
    if customer is None:
        return None
    before, after, billed = mail.data["before"], mail.data["after"], mail.data["billed"]
    starts_at = mail.data["starts_at"]
    prices = rows_by_id(db, Price, [item["price"] for item in (*before, *after)])
    (first, *others) = after
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        attachments=invoice_attachment(services, db, billed),
        before=_join_names(db, (prices[item["price"]] for item in before)),
        after=_join_names(db, (prices[item["price"]] for item in after)),
        quantity=1 if others else first["quantity"],
        amount=sum(_item_amount(prices, item) for item in after),
        currency=subscription.currency,
        interval=prices[first["price"]].interval,
        interval_count=prices[first["price"]].interval_count,
        starts_at=starts_at,
        unpaid=mail.data["unpaid"],
        keep_url=_undo_link(services, db, subscription, starts_at) if starts_at else None,
        invoice_url=services.links.document("invoice", subscription.tenant_id, billed) if billed else None,
    )


def find_subscription(db: Session, mail: Mail) -> tuple[Subscription, Customer | None]:
    """The subscription that a mail is about, and its customer; None without an address, or when deleted."""
    subscription = find_row(db, Subscription, mail.data["subscription"], noun="subscription")
    return subscription, find_present_customer(db, subscription.customer_id)


def name_plan(db: Session, subscription: Subscription) -> str:
    """The names of all products of a subscription."""
    return _join_names(db, (each.price for each in items.list_items(db, subscription.id)))


def _join_names(db: Session, prices: Iterable[Price]) -> str:
    return ", ".join(dict.fromkeys(products.product_name(db, price.product_id) for price in prices))


def _item_amount(prices: Mapping[str, Price], item: Mapping[str, Any]) -> int:
    return multiply_price(prices[item["price"]].unit_amount_decimal, item["quantity"])
