"""The mail about a plan that was changed or will be: from what to what, what is billed for it, and what comes next."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.customer_portal import plan_undo
from portal.db import scope_of
from portal.models import Invoice, Mail, Subscription
from portal.outbox.document_mails import billed_document
from portal.outbox.mail_frames import mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.plan_parts import list_parts
from portal.outbox.subscription_mails import find_subscription, preview_bill, undo_link

#: Whether a change has been made, waits for its payment, or for its day.
ChangeState = Literal["made", "unpaid", "planned"]


def build_changed_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was changed to what, with the bill of it and the next one; None when it was taken back."""
    subscription, customer = find_subscription(db, mail)
    state = _find_state(db, mail.data, subscription)
    if customer is None or state is None:
        return None
    billed, mark = mail.data["billed"], _find_mark(mail.data, subscription)
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        state=state,
        before=list(list_parts(db, mail.data["before"])),
        after=list(list_parts(db, mail.data["after"])),
        currency=subscription.currency,
        starts_at=mail.data["starts_at"],
        keep_url=undo_link(services, db, subscription, mark) if mark else None,
        bill=preview_bill(services, db, subscription),
        **billed_document(services, db, billed),
    )


def _find_state(db: Session, data: Mapping[str, Any], subscription: Subscription) -> ChangeState | None:
    """How far a change is by now; None for one that was taken back before its mail was sent."""
    if data["unpaid"]:
        invoice = db.get(Invoice, (scope_of(db).tenant_id, data["billed"] or ""))
        if subscription.pending_update is not None and subscription.pending_update["invoice"] == data["billed"]:
            return "unpaid"
        return "made" if invoice is not None and invoice.status == "paid" else None
    mark = _find_mark(data, subscription)
    if mark is None or data["starts_at"] <= clock.now():
        return "made"
    return "planned" if plan_undo.still_stands(db, subscription, mark, now=clock.now()) else None


def _find_mark(data: Mapping[str, Any], subscription: Subscription) -> str | None:
    """The mark of a change that waits for its day; None for others."""
    # mails that were queued before the portal told the schedule mean the one that the subscription has
    schedule = data.get("schedule") or subscription.schedule_id
    if data["starts_at"] is None or schedule is None:
        return None
    item = data["after"][0]
    return plan_undo.change_mark(schedule, data["starts_at"], item["price"], item["quantity"])
