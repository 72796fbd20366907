"""The mail about a subscription that was paused or goes on, and what the mails about subscriptions share."""

from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import mirrors
from portal.billing.customer_portal import plan_previews, plan_undo
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.db import find_row, scope_of
from portal.models import Customer, Mail, Subscription
from portal.outbox.document_mails import billed_document
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.plan_parts import name_plan
from portal.rules import subscriptions as rules


def build_paused_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Until when it is paused, or that it goes on and what is billed for it; None when it is otherwise again."""
    subscription, customer = find_subscription(db, mail)
    if customer is None or (subscription.status == "paused") != mail.data["paused"]:
        return None
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        plan=name_plan(db, subscription, customer),
        paused=mail.data["paused"],
        resumes_at=rules.pause_end(subscription.status_details),
        renews_at=subscription.current_period_end,
        **billed_document(services, db, mail.data["billed"]),
    )


def undo_link(services: Services, db: Session, subscription: Subscription, mark: str) -> str | None:
    """Where the customer takes back what has this mark; None where that can't be done."""
    if plan_undo.find_undoable(db, subscription, mark, now=clock.now()) is None:
        return None
    return services.links_of(scope_of(db)).plan_undo(subscription.tenant_id, subscription.id, mark)


def preview_bill(services: Services, db: Session, subscription: Subscription) -> BillPreview | None:
    """The next bill with tax and discounts, once what waits is in effect; None where none comes or others bill."""
    if not (mirrors.is_billed_here(db) and rules.has_next_bill(subscription.status, subscription.pause_collection)):
        return None
    with services.database.dry_run(scope_of(db)) as trying:
        row = find_row(trying, Subscription, subscription.id, noun="subscription")
        return plan_previews.preview_bill_after_change(trying, row, now=clock.now())


def find_subscription(db: Session, mail: Mail) -> tuple[Subscription, Customer | None]:
    """The subscription that a mail is about, and its customer; None without an address, or when deleted."""
    subscription = find_row(db, Subscription, mail.data["subscription"], noun="subscription")
    return subscription, find_present_customer(db, subscription.customer_id)
