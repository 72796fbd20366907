"""Time passes: subscriptions renew and end, drafts are finalized, what is not paid falls due.

A customer's steps are taken one after the other in order of their moments, each in a transaction of
its own and dated to its own moment, however late it comes. Who takes one holds the customer's row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, literal, select, union_all, update
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import accounts
from portal.billing.invoices import collection, drafts, invoiceitems, invoices
from portal.billing.ledger import totals
from portal.billing.lifecycle import upcoming
from portal.billing.quotes import quotes
from portal.billing.schedules import schedules
from portal.billing.subscriptions import cancellations, interim_invoices, items, pauses
from portal.db import Scope, find, locked, scope_of
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
AGAIN_AFTER = clock.HOUR


@dataclass(frozen=True)
class Due:
    """A customer with a step to take, and the account and mode of it."""

    scope: Scope
    customer_id: str


def due(db: Session, *, until: int) -> list[Due]:
    """Customers of any account with a step to take, those who wait longest first.

    Accounts that only mirror records kept elsewhere are left out, and so is who lives by a test clock.
    """
    found = db.execute(_DUE, {"until": until}, execution_options={"every_tenant": True})
    return [Due(Scope.of(row), row.customer_id) for row in found]


def step(db: Session, customer_id: str, *, until: int) -> bool:
    """Take the earliest step of a customer; False where there is none, or another worker is at it."""
    stepped: set[str] = db.info.setdefault("stepped", set())
    if customer_id in stepped:
        db.flush()
    stepped.add(customer_id)
    own = select(Customer).where(Customer.id == customer_id).with_for_update(skip_locked=True)
    with db.no_autoflush:  # what was changed for other customers can wait, and goes out together
        customer = db.scalars(own, execution_options={"populate_existing": True}).one_or_none()
        found = _earliest(db, [customer_id], until) if customer else None
    if customer is None or found is None:
        return False
    _take(db, customer, found, until)
    return True


def step_of_clock(db: Session, test_clock_id: str, *, until: int) -> bool:
    """Take the earliest step of all customers who live by a test clock, which the caller has locked."""
    db.flush()
    own = select(Customer.id).where(Customer.test_clock_id == test_clock_id)
    found = _earliest(db, db.scalars(own).all(), until) if bills_by_itself(db) else None
    if found is None:
        return False
    _take(db, locked(db, Customer, found.customer_id, noun="customer"), found, until)
    return True


def mirrors(db: Session) -> list[str]:
    """The ids of accounts in mirror mode."""
    mode = Account.settings["billing"]["mode"].as_string()
    return list(db.scalars(select(Account.id).where(mode == "mirror").order_by(Account.id)))


def bills_by_itself(db: Session) -> bool:
    """Whether this account is billed here, and does not only mirror records kept elsewhere."""
    stored = accounts.of(db, scope_of(db).account_id).settings.get("billing", {})
    return bool(stored.get("mode") != "mirror")


def next_bill(db: Session, customer: Customer, subscription: Subscription) -> Invoice | None:
    """What the coming end of a subscription's period bills, taken now; None where it bills nothing."""
    db.flush()
    before = subscription.latest_invoice_id
    _enter_phases(db, customer, subscription)
    if subscription.latest_invoice_id != before:
        return latest(db, subscription)
    db.flush()
    end = subscription.current_period_end
    if steps.of_subscription(subscription) is None:
        return None
    if subscription.cancel_at is not None and subscription.cancel_at <= end:
        _cancel(db, customer, subscription, subscription.cancel_at)
    else:
        _renew(db, customer, subscription, end)
    return None if subscription.latest_invoice_id == before else latest(db, subscription)


def _enter_phases(db: Session, customer: Customer, subscription: Subscription) -> None:
    """What a schedule does to a subscription up to the end of its period."""
    if subscription.schedule_id is None:
        return
    row = locked(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")
    while (coming := steps.of_schedule(row)) and coming.moment <= subscription.current_period_end:
        schedules.advance(db, customer, row, coming.moment)
        db.flush()


def latest(db: Session, subscription: Subscription) -> Invoice:
    """The latest invoice of a subscription."""
    db.flush()
    return find(db, Invoice, subscription.latest_invoice_id or "", noun="invoice")


def _take(db: Session, customer: Customer, found: Any, until: int) -> None:
    kind = KINDS[found.kind]
    with db.no_autoflush:
        row = locked(db, kind.model, found.id, noun=found.kind)
    coming = kind.coming(row)
    if coming is None or coming.moment > until:
        # the column may be of before an import or an upgrade; the record itself knows better
        row.next_step_at = steps.moment(coming)
        return
    kind.verbs[coming.verb](db, customer, row, coming.moment)
    if kind.coming(row) == coming:
        raise RuntimeError(f"{coming.verb} of {row.id} leaves it to be done again")


def postpone(db: Session, customer_id: str, *, until: int) -> None:
    """Put off a customer's earliest step, which failed; the others go on meanwhile."""
    found = _earliest(db, [customer_id], until)
    if found:
        model = KINDS[found.kind].model
        change = update(model).where(model.id == found.id).values(next_step_at=until + AGAIN_AFTER)
        db.execute(change, execution_options={"synchronize_session": False})


def _earliest(db: Session, customer_ids: Sequence[str], until: int) -> Any:
    values = {"tenant_id": scope_of(db).tenant_id, "customer_ids": customer_ids, "until": until}
    return db.execute(_EARLIEST, values).first()


def _renew(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Go on into the next period with a draft of what it costs and of what waited for it."""
    if subscription.status == "trialing" and _ends_with_its_trial(db, subscription, now):
        return
    with db.no_autoflush:  # nothing that is read here hangs on what is changed, and it goes out in one piece
        sold = items.items(db, subscription.id)
        waiting = invoiceitems.due_with(db, customer.id, subscription.id)
        before = (subscription.current_period_start, subscription.current_period_end)
        _turn(subscription, sold[0].price, now)
        invoice = _bill(db, customer, subscription, before, waiting, now)
        drafts.add_lines(db, invoice, [items.line(db, customer, subscription, each) for each in sold])


def _turn(subscription: Subscription, price: Price, now: int) -> None:
    subscription.current_period_start = now
    subscription.current_period_end = periods.end(
        subscription.billing_cycle_anchor, price.interval or "month", price.interval_count or 1, now
    )
    subscription.status = rules.status_when_renewed(subscription.status)


def _bill(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    period: tuple[int, int],
    waiting: Sequence[InvoiceItem],
    now: int,
) -> Invoice:
    """A draft with what waited for it."""
    invoice = invoices.draft(
        db, customer, subscription, subscription.currency, "subscription_cycle", now=now, period=period
    )
    if not rules.is_collected(subscription.status) or pauses.keeps_drafts(subscription):
        invoice.auto_advance = False
    subscription.latest_invoice_id = invoice.id
    if waiting:
        drafts.add_items(db, invoice, waiting)
    return invoice


def _ends_with_its_trial(db: Session, subscription: Subscription, now: int) -> bool:
    """Where that was wanted, as nothing can be charged here."""
    if subscription.collection_method != "charge_automatically":
        return False
    if subscription.trial_ends_in == "cancel":
        subscription.canceled_at = now
        cancellations.end(db, subscription, now, reason="payment_failed")
    elif subscription.trial_ends_in == "pause":
        subscription.status = "paused"
        subscription.status_details = pauses.why_paused("trial_end_without_payment_method", now)
    return subscription.status != "trialing"


def _collect_again(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    subscription.pause_collection = None


def _cancel(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """The end that was set has come; prorations that wait are still billed."""
    period = (subscription.current_period_start, now)
    cancellations.end(db, subscription, now)
    if invoiceitems.pending(db, customer.id, subscription.id):
        waiting = invoiceitems.due_with(db, customer.id, subscription.id)
        _bill(db, customer, subscription, period, waiting, now)


def _drop_update(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """A change has waited for its payment for too long."""
    collection.drop_pending_update(db, subscription, now=now)


def _bill_between(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """The interval at which what waits is billed has passed."""
    interim_invoices.go_on(subscription, now)
    if waiting := invoiceitems.due_with(db, customer.id, subscription.id):
        _bill(db, customer, subscription, (now, now), waiting, now)


def _announce(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """The end of a trial comes near; that this is noted is what is told."""
    subscription.trial_will_end_at = now


def _foretell(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    upcoming.foretell(db, subscription, now, next_bill)


def _expire(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    subscription.status, subscription.ended_at = "incomplete_expired", now
    cancellations.stop_collection(db, subscription, now)


def _finalize(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    if not totals.lines(db, invoice.id):
        invoice.auto_advance = False
        return
    invoices.finalize(db, invoice, invoices.FinalizeInvoice(), now=now)
    pauses.settle(db, invoice, _subscription_of(db, invoice), now=now)


def _fall_due(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    collection.fall_due(db, invoice, _subscription_of(db, invoice), now=now)


def _give_up(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """What the account wants of a subscription whose invoice has not been paid for long."""
    invoice.gives_up_at = None
    subscription = _subscription_of(db, invoice)
    if subscription is None or subscription.status != "past_due":
        return
    if collection.overdue_setting(db).action == "cancel":
        subscription.canceled_at = now
        cancellations.end(db, subscription, now, reason="payment_failed")
    else:
        subscription.status = "unpaid"


def _subscription_of(db: Session, invoice: Invoice) -> Subscription | None:
    if invoice.subscription_id is None:
        return None
    return locked(db, Subscription, invoice.subscription_id, noun="subscription")


Verb = Callable[[Session, Customer, Any, int], None]


@dataclass(frozen=True)
class Kind:
    """Records with steps to take: how the next one is found and what each does."""

    model: Any
    coming: Callable[[Any], steps.Step | None]
    verbs: dict[str, Verb]


#: In the order of steps at one second.
KINDS = {
    "subscription schedule": Kind(
        SubscriptionSchedule, steps.of_schedule, {"begin": schedules.begin, "advance": schedules.advance}
    ),
    "subscription": Kind(
        Subscription,
        steps.of_subscription,
        {
            "announce": _announce,
            "cancel": _cancel,
            "collect": _collect_again,
            "drop": _drop_update,
            "expire": _expire,
            "foretell": _foretell,
            "interim": _bill_between,
            "renew": _renew,
        },
    ),
    "invoice": Kind(Invoice, steps.of_invoice, {"finalize": _finalize, "fall_due": _fall_due, "give_up": _give_up}),
    "quote": Kind(Quote, steps.of_quote, {"expire": quotes.expire}),
}


def _due_statement() -> Select[Any]:
    mode = Account.settings["billing"]["mode"].as_string()
    waiting = []
    for kind in KINDS.values():
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
    for rank, (name, kind) in enumerate(KINDS.items()):
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


_DUE, _EARLIEST = _due_statement(), _earliest_statement()
