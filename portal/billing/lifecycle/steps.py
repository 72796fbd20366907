"""Due steps in time: subscriptions renew and end, drafts are finalized, unpaid invoices become overdue.

The steps of one customer are taken in the order of their times, each in its own transaction and dated to its
own time, however late it runs. Whoever takes a step holds the lock of the customer's row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, literal, select, union_all, update
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import accounts
from portal.billing.invoices import collection, drafts, finalization, pending_items
from portal.billing.invoices.collectors import collector_of
from portal.billing.ledger import totals
from portal.billing.lifecycle import upcoming
from portal.billing.quotes import quotes
from portal.billing.schedules import schedules
from portal.billing.subscriptions import cancellations, interim_invoices, items, paused_collection, pauses, period_lines
from portal.db import Scope, find_row, lock_row, scope_of
from portal.models import (
    Account,
    Customer,
    Invoice,
    InvoiceItem,
    Price,
    Quote,
    Subscription,
    SubscriptionSchedule,
    Tenant,
)
from portal.rules import periods, steps
from portal.rules import subscriptions as rules

#: Customers that one look finds; the next look finds the others.
MOST_FOUND = 200
#: A step that failed is tried again after this time.
RETRY_AFTER = clock.HOUR


@dataclass(frozen=True)
class DueCustomer:
    """A customer with a due step, and the scope of that customer."""

    scope: Scope
    customer_id: str


def list_due(db: Session, *, until: int) -> list[DueCustomer]:
    """Customers of all accounts with a due step, those who wait longest first.

    Mirror accounts and customers of test clocks are left out.
    """
    found = db.execute(_DUE_CUSTOMERS, {"until": until}, execution_options={"every_tenant": True})
    return [DueCustomer(Scope.of(row), row.customer_id) for row in found]


def take_step(db: Session, customer_id: str, *, until: int) -> bool:
    """Take the earliest due step of a customer; False where there is none, or another worker has the customer."""
    stepped: set[str] = db.info.setdefault("stepped", set())
    if customer_id in stepped:
        db.flush()
    stepped.add(customer_id)
    own = select(Customer).where(Customer.id == customer_id).with_for_update(skip_locked=True)
    with db.no_autoflush:  # what was changed for other customers can wait, and goes out together
        customer = db.scalars(own, execution_options={"populate_existing": True}).one_or_none()
        found = _find_earliest_step(db, [customer_id], until) if customer else None
    if customer is None or found is None:
        return False
    _perform_step(db, customer, found, until)
    return True


def take_clock_step(db: Session, test_clock_id: str, *, until: int) -> bool:
    """Take the earliest step of all customers of a test clock, which the caller has locked."""
    db.flush()
    own = select(Customer.id).where(Customer.test_clock_id == test_clock_id)
    found = _find_earliest_step(db, db.scalars(own).all(), until) if is_billed_here(db) else None
    if found is None:
        return False
    _perform_step(db, lock_row(db, Customer, found.customer_id, noun="customer"), found, until)
    return True


def list_mirror_accounts(db: Session) -> list[str]:
    """The ids of accounts in mirror mode."""
    mode = Account.settings["billing"]["mode"].as_string()
    return list(db.scalars(select(Account.id).where(mode == "mirror").order_by(Account.id)))


def is_billed_here(db: Session) -> bool:
    """Whether this account is billed here, and does not only mirror records of another system."""
    stored = accounts.find_account(db, scope_of(db).account_id).settings.get("billing", {})
    return bool(stored.get("mode") != "mirror")


def create_next_invoice(db: Session, customer: Customer, subscription: Subscription) -> Invoice | None:
    """Bill the end of a subscription's period now; None where it bills nothing."""
    db.flush()
    before = subscription.latest_invoice_id
    _apply_phases(db, customer, subscription)
    if subscription.latest_invoice_id != before:
        return latest_invoice(db, subscription)
    db.flush()
    end = subscription.current_period_end
    if steps.next_for_subscription(subscription) is None:
        return None
    if subscription.cancel_at is not None and subscription.cancel_at <= end:
        _cancel_subscription(db, customer, subscription, subscription.cancel_at)
    else:
        _renew_subscription(db, customer, subscription, end)
    return None if subscription.latest_invoice_id == before else latest_invoice(db, subscription)


def _apply_phases(db: Session, customer: Customer, subscription: Subscription) -> None:
    """Apply the phases of its schedule that start before the subscription's period ends."""
    if subscription.schedule_id is None:
        return
    row = lock_row(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")
    while (coming := steps.next_for_schedule(row)) and coming.moment <= subscription.current_period_end:
        schedules.advance(db, customer, row, coming.moment)
        db.flush()


def latest_invoice(db: Session, subscription: Subscription) -> Invoice:
    """The latest invoice of a subscription."""
    db.flush()
    return find_row(db, Invoice, subscription.latest_invoice_id or "", noun="invoice")


def _perform_step(db: Session, customer: Customer, found: Any, until: int) -> None:
    kind = STEP_KINDS[found.kind]
    with db.no_autoflush:
        row = lock_row(db, kind.model, found.id, noun=found.kind)
    coming = kind.coming(row)
    if coming is None or coming.moment > until:
        # the column may be of before an import or an upgrade; the record itself knows better
        row.next_step_at = steps.moment_of(coming)
        return
    kind.verbs[coming.verb](db, customer, row, coming.moment)
    if kind.coming(row) == coming:
        raise RuntimeError(f"{coming.verb} of {row.id} leaves it to be done again")


def postpone_step(db: Session, customer_id: str, *, until: int) -> None:
    """Put off a customer's earliest step, which failed; the other steps go on."""
    found = _find_earliest_step(db, [customer_id], until)
    if found:
        model = STEP_KINDS[found.kind].model
        change = update(model).where(model.id == found.id).values(next_step_at=until + RETRY_AFTER)
        db.execute(change, execution_options={"synchronize_session": False})


def _find_earliest_step(db: Session, customer_ids: Sequence[str], until: int) -> Any:
    values = {"tenant_id": scope_of(db).tenant_id, "customer_ids": customer_ids, "until": until}
    return db.execute(_EARLIEST_STEP, values).first()


def _renew_subscription(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Start the next period, with a draft of its cost and of the pending items."""
    if subscription.status == "trialing" and _stop_at_trial_end(db, customer, subscription, now):
        return
    with db.no_autoflush:  # nothing that is read here hangs on what is changed, and it goes out in one piece
        sold = items.list_items(db, subscription.id)
        waiting = pending_items.list_due_with(db, customer.id, subscription.id)
        before = (subscription.current_period_start, subscription.current_period_end)
        _start_next_period(subscription, sold[0].price, now)
        invoice = _draft_invoice(db, customer, subscription, before, waiting, now)
        drafts.add_lines(db, invoice, [period_lines.build_line(db, customer, subscription, each) for each in sold])


def _start_next_period(subscription: Subscription, price: Price, now: int) -> None:
    subscription.current_period_start = now
    subscription.current_period_end = periods.end_after(
        subscription.billing_cycle_anchor, price.interval or "month", price.interval_count or 1, now
    )
    subscription.status = rules.status_when_renewed(subscription.status)


def _draft_invoice(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    period: tuple[int, int],
    waiting: Sequence[InvoiceItem],
    now: int,
) -> Invoice:
    """A draft with the pending items."""
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_cycle", now=now, period=period
    )
    if not rules.is_collected(subscription.status) or paused_collection.keeps_drafts(subscription):
        invoice.auto_advance = False
    subscription.latest_invoice_id = invoice.id
    if waiting:
        drafts.add_items(db, invoice, waiting)
    return invoice


def _stop_at_trial_end(db: Session, customer: Customer, subscription: Subscription, now: int) -> bool:
    """Cancel or pause a subscription whose trial ends without a payment method, if it is set so; True where it was."""
    if subscription.collection_method != "charge_automatically":
        return False
    if collector_of(db).has_payment_method(db, customer, subscription):
        return False
    if subscription.trial_ends_in == "cancel":
        subscription.canceled_at = now
        cancellations.end_subscription(db, subscription, now, reason="payment_failed")
    elif subscription.trial_ends_in == "pause":
        subscription.status = "paused"
        subscription.status_details = pauses.paused_status_details("trial_end_without_payment_method", now)
    return subscription.status != "trialing"


def _resume_collection(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    subscription.pause_collection = None


def _cancel_subscription(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """End a subscription at the set time; its pending prorations are still billed."""
    period = (subscription.current_period_start, now)
    cancellations.end_subscription(db, subscription, now)
    if pending_items.list_pending(db, customer.id, subscription.id):
        waiting = pending_items.list_due_with(db, customer.id, subscription.id)
        _draft_invoice(db, customer, subscription, period, waiting, now)


def _drop_pending_update(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Drop an update that has waited for its payment for too long."""
    collection.drop_pending_update(db, subscription, now=now)


def _bill_pending_items(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Bill the pending items, at the interval that is set for them."""
    interim_invoices.schedule_next(subscription, now)
    if waiting := pending_items.list_due_with(db, customer.id, subscription.id):
        _draft_invoice(db, customer, subscription, (now, now), waiting, now)


def _announce_trial_end(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Announce that a trial ends soon; the changed column makes the event."""
    subscription.trial_will_end_at = now


def _announce_upcoming(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    upcoming.announce_upcoming_invoice(db, subscription, now, create_next_invoice)


def _expire_incomplete(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    subscription.status, subscription.ended_at = "incomplete_expired", now
    cancellations.stop_collection(db, subscription, now)


def _finalize_draft(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    if not totals.list_lines(db, invoice.id):
        invoice.auto_advance = False
        return
    finalization.finalize(db, invoice, now=now)
    paused_collection.apply_to_invoice(db, invoice, _lock_subscription(db, invoice), now=now)


def _mark_overdue(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    collection.mark_overdue(db, invoice, _lock_subscription(db, invoice), now=now)


def _give_up_collection(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """Cancel or mark unpaid, as the account's setting says, a subscription whose invoice is long overdue."""
    invoice.gives_up_at = None
    subscription = _lock_subscription(db, invoice)
    if subscription is None or subscription.status != "past_due":
        return
    if collection.overdue_setting(db).action == "cancel":
        subscription.canceled_at = now
        cancellations.end_subscription(db, subscription, now, reason="payment_failed")
    else:
        subscription.status = "unpaid"


def _lock_subscription(db: Session, invoice: Invoice) -> Subscription | None:
    if invoice.subscription_id is None:
        return None
    return lock_row(db, Subscription, invoice.subscription_id, noun="subscription")


StepAction = Callable[[Session, Customer, Any, int], None]


@dataclass(frozen=True)
class StepKind:
    """A kind of records with due steps: how the next step is found, and what each verb does."""

    model: Any
    coming: Callable[[Any], steps.Step | None]
    verbs: dict[str, StepAction]


#: In the order of steps at one second.
STEP_KINDS = {
    "subscription schedule": StepKind(
        SubscriptionSchedule, steps.next_for_schedule, {"begin": schedules.begin, "advance": schedules.advance}
    ),
    "subscription": StepKind(
        Subscription,
        steps.next_for_subscription,
        {
            "announce": _announce_trial_end,
            "cancel": _cancel_subscription,
            "collect": _resume_collection,
            "drop": _drop_pending_update,
            "expire": _expire_incomplete,
            "foretell": _announce_upcoming,
            "interim": _bill_pending_items,
            "renew": _renew_subscription,
        },
    ),
    "invoice": StepKind(
        Invoice,
        steps.next_for_invoice,
        {"finalize": _finalize_draft, "fall_due": _mark_overdue, "give_up": _give_up_collection},
    ),
    "quote": StepKind(Quote, steps.next_for_quote, {"expire": quotes.expire}),
}


def _due_statement() -> Select[Any]:
    mode = Account.settings["billing"]["mode"].as_string()
    waiting = []
    for kind in STEP_KINDS.values():
        table = cast(Table, kind.model.__table__)
        waiting.append(
            select(table.c.tenant_id, table.c.customer_id, Tenant.account_id, Tenant.livemode, table.c.next_step_at)
            .join(Tenant, Tenant.id == table.c.tenant_id)
            .join(Account, Account.id == Tenant.account_id)
            .where(func.coalesce(mode, "") != "mirror", table.c.test_clock_id.is_(None))
            .where(table.c.next_step_at <= bindparam("until"))
        )
    every = union_all(*waiting).subquery()
    names = (every.c.tenant_id, every.c.customer_id, every.c.account_id, every.c.livemode)
    earliest = func.min(every.c.next_step_at)
    return select(*names).group_by(*names).order_by(earliest).limit(MOST_FOUND)


def _earliest_statement() -> Select[Any]:
    waiting = []
    for rank, (name, kind) in enumerate(STEP_KINDS.items()):
        table = cast(Table, kind.model.__table__)
        columns = (table.c.id, table.c.customer_id, table.c.next_step_at)
        waiting.append(
            select(literal(name).label("kind"), literal(rank).label("rank"), *columns).where(
                table.c.tenant_id == bindparam("tenant_id"),
                table.c.customer_id.in_(bindparam("customer_ids", expanding=True)),
                table.c.next_step_at <= bindparam("until"),
            )
        )
    every = union_all(*waiting).subquery()
    return (
        select(every.c.kind, every.c.id, every.c.customer_id)
        .order_by(every.c.next_step_at, every.c.rank, every.c.id)
        .limit(1)
    )


_DUE_CUSTOMERS, _EARLIEST_STEP = _due_statement(), _earliest_statement()
