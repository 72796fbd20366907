"""Mails about subscriptions: canceled, changed, or about to leave their trial."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.catalogue import products
from portal.billing.subscriptions import items
from portal.db import find_row, rows_by_id
from portal.models import Configuration, Customer, Mail, Price, Subscription
from portal.outbox.document_mails import invoice_attachment
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.rules import permissions
from portal.rules.money import multiply_price


def build_canceled_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was canceled, when, and when it ends, with the latest invoice; None when the end was taken back."""
    subscription, customer = _find_subscription(db, mail)
    ends = subscription.ended_at or subscription.cancel_at
    if customer is None or ends is None:
        return None
    return mail_to_customer(
        db,
        customer,
        attachments=invoice_attachment(services, db, subscription.latest_invoice_id),
        plan=_plan_name(db, subscription),
        canceled_at=subscription.canceled_at,
        ends_at=ends,
        ended=subscription.ended_at is not None,
        may_keep=subscription.cancel_at_period_end and _may_take_back(db),
    )


def _may_take_back(db: Session) -> bool:
    """Whether the portal lets customers undo a cancellation, by the default configuration."""
    features = db.scalars(select(Configuration.features).where(Configuration.is_default)).one()
    return permissions.may_cancel(features)


def build_changed_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was changed to what, as agreed at that time, with its invoice."""
    subscription, customer = _find_subscription(db, mail)
    if customer is None:
        return None
    before, after = mail.data["before"], mail.data["after"]
    prices = rows_by_id(db, Price, [item["price"] for item in (*before, *after)])
    (first, *others) = after
    return mail_to_customer(
        db,
        customer,
        attachments=invoice_attachment(services, db, mail.data["billed"]),
        before=_join_names(db, (prices[item["price"]] for item in before)),
        after=_join_names(db, (prices[item["price"]] for item in after)),
        quantity=1 if others else first["quantity"],
        amount=sum(_item_amount(prices, item) for item in after),
        currency=subscription.currency,
        interval=prices[first["price"]].interval,
        interval_count=prices[first["price"]].interval_count,
        starts_at=mail.data["starts_at"],
        unpaid=mail.data["unpaid"],
    )


def build_trial_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What is billed after the trial; None when the trial has ended meanwhile."""
    subscription, customer = _find_subscription(db, mail)
    if customer is None or subscription.status != "trialing" or subscription.trial_end is None:
        return None
    sold = items.list_items(db, subscription.id)
    return mail_to_customer(
        db,
        customer,
        plan=_plan_name(db, subscription),
        ends_at=subscription.trial_end,
        stops=subscription.cancel_at is not None and subscription.cancel_at <= subscription.trial_end,
        amount=sum(each.amount for each in sold),
        currency=subscription.currency,
        interval=sold[0].price.interval,
        interval_count=sold[0].price.interval_count,
    )


def _find_subscription(db: Session, mail: Mail) -> tuple[Subscription, Customer | None]:
    subscription = find_row(db, Subscription, mail.data["subscription"], noun="subscription")
    return subscription, find_present_customer(db, subscription.customer_id)


def _plan_name(db: Session, subscription: Subscription) -> str:
    return _join_names(db, (each.price for each in items.list_items(db, subscription.id)))


def _join_names(db: Session, prices: Iterable[Price]) -> str:
    return ", ".join(dict.fromkeys(products.product_name(db, price.product_id) for price in prices))


def _item_amount(prices: Mapping[str, Price], item: Mapping[str, Any]) -> int:
    return multiply_price(prices[item["price"]].unit_amount_decimal, item["quantity"])
