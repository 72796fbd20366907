"""New phases of a schedule, from the present one on."""

from sqlalchemy.orm import Session

from portal.billing.schedules import (
    phase_discounts,
    phase_items,
    phase_settings,
    phase_times,
    progress,
    transitions,
)
from portal.billing.schedules import phases as schedules_phases
from portal.billing.schedules.params import UpdateSchedule
from portal.billing.subscriptions import items
from portal.db import lock_row
from portal.errors import InvalidRequest
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import schedules as rules


def change_phases(
    db: Session,
    customer: Customer,
    row: SubscriptionSchedule,
    command: UpdateSchedule,
    planned_end: int | None,
    now: int,
) -> None:
    """Replace the phases from the present one on; `planned_end` is the end that the schedule planned so far.

    Raises `InvalidRequest` where no phase holds the present.
    """
    if row.status == "not_started":
        start = phase_times.resolve_timestamp(command.phases[0].start_date, now) or row.phases[0]["start_date"]
        if start < now:
            raise InvalidRequest("A schedule can't start in the past.", param="phases[0][start_date]")
        row.phases = schedules_phases.parse_phases(db, customer, command.phases, start, now=now)
        return
    past, present = row.phases[: row.phase or 0], row.phases[row.phase or 0]
    starts = [(phase_times.resolve_timestamp(each.start_date, now), each) for each in command.phases]
    sent = [each for start, each in starts if start is None or start >= present["start_date"]]
    row.phases = [*past, *schedules_phases.parse_phases(db, customer, sent, present["start_date"], now=now)]
    row.phase = rules.current_phase_index(row.phases, now)
    if row.phase is None:
        raise InvalidRequest("The present moment must lie within a phase.", param="phases")
    entered = {
        **phase_settings.with_defaults(row, row.phases[row.phase]),
        "proration_behavior": command.proration_behavior,
    }
    still = row.phases[row.phase]["start_date"] == present["start_date"]
    if still:  # it was entered before: what is new in it counts from now on, and nothing begins anew
        entered |= {"add_invoice_items": [], "billing_cycle_anchor": None, "trial_end": None}
    subscription = lock_row(db, Subscription, row.subscription_id or "", noun="subscription")
    held = items.list_items(db, subscription.id)
    if still and not phase_items.items_differ(held, entered["items"]):
        # the time that another end adds is charged with the discounts that come with it
        phase_discounts.apply_discounts(db, customer, subscription, entered, present, held, now)
    progress.plan_end(db, customer, row, planned_end, command.proration_behavior, now)
    transitions.apply_phase(db, customer, subscription, entered, since=present if still else None, now=now)
