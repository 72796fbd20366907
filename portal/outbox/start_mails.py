"""The mail about a plan that has started: what it costs, the next bill, and how to leave it."""

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.subscriptions import items
from portal.models import Mail
from portal.outbox import plan_links
from portal.outbox.mail_frames import mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.plan_parts import name_plan
from portal.outbox.subscription_mails import find_subscription, preview_bill


def build_started_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What has started; None for what has ended meanwhile, and for customers of test clocks."""
    subscription, customer = find_subscription(db, mail)
    if customer is None or customer.test_clock_id is not None or subscription.ended_at is not None:
        return None
    sold = items.list_items(db, subscription.id)
    withdraw_until, withdraw_url = plan_links.find_withdrawal(services, db, customer, subscription)
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        plan=name_plan(db, subscription, customer),
        amount=sum(each.amount for each in sold),
        currency=subscription.currency,
        interval=sold[0].price.interval,
        interval_count=sold[0].price.interval_count or 1,
        trial_end=subscription.trial_end if subscription.status == "trialing" else None,
        bill=preview_bill(services, db, subscription),
        manage_url=plan_links.login_link(services, db),
        cancel_url=plan_links.cancel_link(services, db),
        withdraw_until=withdraw_until,
        withdraw_url=withdraw_url,
    )
