"""The mail about a trial that is about to end: the bill that comes then, and where to cancel before."""

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.accounts import mirrors
from portal.billing.customer_portal import plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.subscriptions import items
from portal.db import find_row, scope_of
from portal.models import Mail, Subscription
from portal.outbox import plan_links
from portal.outbox.mail_frames import mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.plan_parts import name_plan
from portal.outbox.subscription_mails import find_subscription


def build_trial_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What is billed after the trial; None when the trial has ended meanwhile."""
    subscription, customer = find_subscription(db, mail)
    if customer is None or subscription.status != "trialing" or subscription.trial_end is None:
        return None
    sold = items.list_items(db, subscription.id)
    bill, status = _look_ahead(services, db, subscription)
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        bill=bill,
        manage_url=plan_links.login_link(services, db),
        plan=name_plan(db, subscription, customer),
        ends_at=subscription.trial_end,
        stops=status == "canceled",
        pauses=status == "paused",
        amount=sum(each.amount for each in sold),
        currency=subscription.currency,
        interval=sold[0].price.interval,
        interval_count=sold[0].price.interval_count,
    )


def _look_ahead(services: Services, db: Session, subscription: Subscription) -> tuple[BillPreview | None, str]:
    """The bill at the end of a trial, where it makes one here, and what the subscription's status is then."""
    if not mirrors.is_billed_here(db):
        ends = subscription.cancel_at is not None and subscription.cancel_at <= subscription.current_period_end
        return None, "canceled" if ends else "active"
    with services.database.dry_run(scope_of(db)) as trying:
        row = find_row(trying, Subscription, subscription.id, noun="subscription")
        return plan_previews.preview_next_bill(trying, row), row.status
