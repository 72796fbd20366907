"""Moves of the running period's end: what they credit, charge back or charge for the first time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions import debits, item_costs, prorations
from portal.billing.subscriptions.debits import ItemDebits
from portal.billing.subscriptions.item_credits import ItemCredit
from portal.billing.subscriptions.prorations import RemainingPeriod
from portal.db import find_row
from portal.models import InvoiceItem, InvoiceLine, Price, SubscriptionItem

Proration = InvoiceLine | InvoiceItem


@dataclass(frozen=True)
class GivenBack:
    """A credit for time that an end has cut off; `named` are the debits that it names, itself where none is known."""

    credit: Proration
    named: Sequence[Proration]

    def amount_for(self, start: int, stop: int) -> int:
        """What it gave back for the time [start, stop), in minor units: of its debits, which may differ in worth."""
        whole = start <= self.credit.period_start and self.credit.period_end <= stop
        if whole or self.credit in self.named:
            return -debits.amount_for(self.credit, start, stop)
        parts = [(each, max(start, each.period_start), min(stop, each.period_end)) for each in self.named]
        return sum(debits.amount_for(*part) for part in parts if part[1] < part[2])


@dataclass(frozen=True)
class Stretch:
    """The time [start, stop) of an item, in epoch seconds, and the credits that gave it back last: one for each tax."""

    sold: SoldItem
    start: int
    stop: int
    given_back: Sequence[GivenBack]

    def was_there_for(self, credits: Sequence[Proration], own: Sequence[Proration]) -> bool:
        """Whether the item was there when others were credited for the time: then it had nothing to give back.

        `own` are its charges and credits: it had nothing either where it was charged until an earlier end.
        """
        item = self.sold.item
        if any(each.amount > 0 and each.period_end <= self.start and not _is_of_period(each) for each in own):
            return False
        return any(
            each.period_start <= self.start and self.stop <= each.period_end and item.created < each.created
            for each in credits
        )

    def is_as_given_back(self) -> bool:
        """Whether the credits gave back what the item still is, and for all the time."""
        item, named = self.sold.item, [row for each in self.given_back for row in each.named]
        if not named:
            return False
        last = max(named, key=lambda was: was.period_end)
        if last.period_end < self.stop and not _is_of_period(last):
            return False  # a change was charged until an earlier end
        return all((was.price_id, was.quantity) == (item.price_id, item.quantity) for was in named)


def move_end(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem], end: int) -> bool:
    """Move the end of the running period to `end`, and credit or bill the time between; True where that costs.

    `rest` is the time between both ends. A period of which nothing can be given back keeps its end: nobody has paid
    for the time, and an end that is taken away must not charge it.
    """
    subscription = rest.subscription
    if end < subscription.current_period_end:
        credits = rest.credits_by_item(db, sold, as_billed=True)
        worth = any(rest.value_of(each, each.amount) for each in sold)
        if worth and not any(credit.amount for of_item in credits.values() for credit in of_item):
            return False
        prorations.add_credits(db, rest, sold, credits)
        _credit_items_taken_off(db, rest, sold)
        subscription.current_period_end = end
        return True
    if end > subscription.current_period_end:
        subscription.current_period_end = end
        _charge_added_time(db, rest, sold)
        return True
    return False


def reprice_time(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem]) -> bool:
    """Credit and charge the time after an end that is gone, for the items that changed while it stood.

    `rest` begins at that end: what was paid beyond, was paid at the older price. True where that costs something.
    """
    taken_off = _credit_items_taken_off(db, rest, sold)
    outstanding = debits.outstanding_debits(db, rest.subscription, rest.moment, rest.until)
    known = debits.prorations_by_item(db, rest.subscription)
    changed = [
        each
        for each in sold
        if _was_changed_until_earlier(known.get(each.item.id, []), rest.until)
        and not _is_paid_as_is(each, outstanding.get(each.item.id, []))
    ]
    credits = rest.billed_credits(db, changed)
    costs = item_costs.period_costs(db, rest.customer, rest.subscription, sold, rest.now)
    ids = iter(prorations.new_item_ids(len(changed) + sum(len(of_item) for of_item in credits.values())))
    for each in changed:
        rest.credit_item(db, each, credits[each.item.id], ids)
        rest.charge_item(db, each, costs[each.item.id], next(ids))
    return bool(changed) or taken_off


def _credit_items_taken_off(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem]) -> bool:
    """Give back what is paid for items that were taken off or replaced since; True where there are any."""
    outstanding = debits.outstanding_debits(db, rest.subscription, rest.moment, rest.until)
    held = {each.item.id for each in sold}
    gone = [(id, own) for id, of_item in outstanding.items() if id and id not in held for own in of_item if own.amount]
    ids = iter(prorations.new_item_ids(len(gone)))
    for id, own in gone:
        charge = own.rows[0]
        price = find_row(db, Price, charge.price_id or "", noun="price")
        # the item itself is deleted: this stands for it, and is never stored
        was = SubscriptionItem(id=id, price_id=price.id, quantity=charge.quantity or 1, tax_rates=[])
        rest.credit_item(db, SoldItem(was, price), [ItemCredit.giving_back(own)], ids)
    return bool(gone)


def _was_changed_until_earlier(known: Sequence[Proration], end: int) -> bool:
    """Whether a change was charged or credited until an end before this one; one with `none` is charged nowhere."""
    return any(each.period_end < end and not _is_of_period(each) for each in known)


def _is_of_period(charge: Proration) -> bool:
    """Whether a line bills the period as such, which may be a shortened one."""
    return isinstance(charge, InvoiceLine) and charge.invoice_item_id is None


def _is_paid_as_is(sold: SoldItem, paid: Sequence[ItemDebits]) -> bool:
    """Whether all that is paid for the time was paid for what the item is now."""
    now = (sold.item.price_id, sold.item.quantity)
    return bool(paid) and all((row.price_id, row.quantity) == now for own in paid for row in own.rows)


def _charge_added_time(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem]) -> None:
    """Charge back what credits gave for the time, and what is added for the first time at today's price."""
    known = debits.prorations_by_item(db, rest.subscription)
    charges = debits.charges_by_id(db, rest.subscription)
    credits = [each for own in known.values() for each in own if each.amount < 0]
    stretches = [stretch for each in sold for stretch in _split(rest, each, known.get(each.item.id, []), charges)]
    costs = item_costs.period_costs(db, rest.customer, rest.subscription, sold, rest.now)
    ids = iter(prorations.new_item_ids(sum(max(1, len(stretch.given_back)) for stretch in stretches)))
    for stretch in stretches:
        part, id = replace(rest, moment=stretch.start, until=stretch.stop), stretch.sold.item.id
        if stretch.is_as_given_back():
            for each in stretch.given_back:
                amount = each.amount_for(stretch.start, stretch.stop)
                part.charge_amount(db, stretch.sold, amount, next(ids), debits.tax_rate_ids(each.credit))
        elif stretch.given_back or not (
            stretch.was_there_for(credits, known.get(id, [])) or part.billed_credits(db, [stretch.sold])[id]
        ):
            part.charge_item(db, stretch.sold, costs[id], next(ids))


def _split(
    rest: RemainingPeriod, sold: SoldItem, known: Sequence[Proration], charges: Mapping[str, Proration]
) -> Iterator[Stretch]:
    """The stretches of the time, cut where another credit begins or ends."""
    credits = [each for each in known if each.amount < 0]
    moments = {moment for each in credits for moment in (each.period_start, each.period_end)}
    cuts = sorted({rest.moment, rest.until, *(moment for moment in moments if rest.moment < moment < rest.until)})
    for last, group in groupby(pairwise(cuts), lambda part: _last_credits(credits, *part)):
        parts = list(group)
        yield Stretch(sold, parts[0][0], parts[-1][1], [_with_named(each, charges) for each in last])


def _with_named(credit: Proration, charges: Mapping[str, Proration]) -> GivenBack:
    return GivenBack(credit, [charges[id] for id in debits.named_ids(credit) if id in charges] or [credit])


def _last_credits(credits: Sequence[Proration], start: int, stop: int) -> list[Proration]:
    """The newest credit for the time [start, stop), and those made with it for other taxes."""
    found = [each for each in credits if each.period_start <= start and stop <= each.period_end]
    return [each for each in found if _origin(each) == _origin(found[-1])]


def _origin(credit: Proration) -> tuple[int, int, int]:
    return credit.created, credit.period_start, credit.period_end
