"""Invoice previews: what a customer will be billed next, or would be billed after a change.

Everything here writes, in a session that the caller rolls back. The change itself is made, so a preview can't
differ from the real invoice.
"""

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.lifecycle.preview_shapes import Preview, revert_to_draft
from portal.billing.previews import next_bills, schedule_changes, sent_values, subscription_changes
from portal.billing.previews.params import CreatePreview
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Subscription


def upcoming_invoice(db: Session, command: CreatePreview, *, now: int) -> Preview:
    """The next invoice of a customer or subscription, of a change, or of a new subscription.

    Raises `NoUpcomingInvoice`, and whatever the change itself raises.
    """
    details = command.subscription_details
    if command.schedule and command.subscription:
        raise InvalidRequest("You may only specify one of these parameters: schedule, subscription.", param="schedule")
    if command.schedule_details or (command.schedule and command.subscription is None):
        return _preview_schedule(db, command, now)
    customer, subscription = _customer_and_subscription(db, command, now)
    known = command.customer is not None or subscription is not None
    if subscription is None and details.items:
        invoice = subscription_changes.preview_new_subscription(db, customer, command, now)
        return Preview(revert_to_draft(customer, invoice), None, None, known)
    subscription = subscription or next_bills.next_billed_subscription(db, customer)
    sent_values.drop_inherited_discounts(customer, command)
    sent_values.add_invoice_items(db, customer, subscription, command, now)
    if subscription is None:
        invoice = next_bills.pending_items_invoice(db, customer, command, now)
        return Preview(revert_to_draft(customer, invoice), None, None, known)
    invoice = subscription_changes.preview_update(db, customer, subscription, command, now)
    prorated = details.items or details.cancel_now or details.billing_cycle_anchor == "now"
    return Preview(
        revert_to_draft(customer, invoice), subscription, (details.proration_date or now) if prorated else None
    )


def _preview_schedule(db: Session, command: CreatePreview, now: int) -> Preview:
    """Preview the subscription that a schedule changes or will create, with other phases where those are sent."""
    begun = schedule_changes.find_subscription(db, command)
    before = begun.latest_invoice_id if begun else None
    row = schedule_changes.apply_to_schedule(db, command, now)
    if begun and begun.latest_invoice_id != before:
        customer, invoice = schedule_changes.latest_invoice(db, row)
        return Preview(revert_to_draft(customer, invoice), begun, None)
    if row.subscription_id and command.schedule:
        following = {"subscription": row.subscription_id, "schedule": None, "schedule_details": None}
        return upcoming_invoice(db, command.model_copy(update=following), now=now)
    customer, invoice = schedule_changes.latest_invoice(db, row)
    return Preview(revert_to_draft(customer, invoice), None, None)


def _customer_and_subscription(db: Session, command: CreatePreview, now: int) -> tuple[Customer, Subscription | None]:
    if command.subscription is None:
        if command.customer is None and command.customer_details is None:
            raise MissingParameter("customer")
        return sent_values.preview_customer(db, command, now), None
    found = find_row(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if command.customer not in {None, found.customer_id}:
        find_row(db, Customer, command.customer or "", noun="customer", param="customer")
        raise ResourceMissing("subscription", command.subscription, param="subscription")
    following = command.model_copy(update={"customer": found.customer_id})
    customer = sent_values.preview_customer(db, following, now)
    locks.subscription_with_customer(db, found)
    return customer, found
