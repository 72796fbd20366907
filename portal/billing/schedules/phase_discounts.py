"""Discounts of phases: stored by their sources, and redeemed when the phase starts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import coupon_uses, discounts, redemptions
from portal.billing.discounts.coupon_uses import DiscountOwner
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.discounts.params import DiscountParams
from portal.billing.schedules.params import SentPhase
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions import items
from portal.db import find_row, rows_by_id
from portal.errors import InvalidRequest
from portal.models import Coupon, Customer, Discount, PromotionCode, Subscription

_SOURCE_MODELS: dict[str, tuple[Any, str]] = {
    "coupon": (Coupon, "coupon"),
    "discount": (Discount, "discount"),
    "promotion_code": (PromotionCode, "promotion code"),
}


def parse_sources(db: Session, sent: Sequence[DiscountSource], param: str) -> list[dict[str, Any]]:
    """Discounts to redeem when the phase starts. Raises `ResourceMissing` for one that is unknown now."""
    for index, source in enumerate(sent):
        for name, id in source.sent_values().items():
            model, noun = _SOURCE_MODELS[name]
            find_row(db, model, id, noun=noun, param=f"{param}[{index}][{name}]")
    return [source.model_dump() for source in sent]


def parse_phase_discounts(db: Session, sent: SentPhase, param: str) -> list[dict[str, Any]]:
    """The discounts of the phase itself; older API versions send a single one as `coupon`."""
    if sent.coupon is None:
        return parse_sources(db, sent.discounts, f"{param}[discounts]")
    if sent.discounts:
        raise InvalidRequest("Send coupon or discounts, not both.", param=f"{param}[coupon]")
    find_row(db, Coupon, sent.coupon, noun="coupon", param=f"{param}[coupon]")
    return [DiscountSource(coupon=sent.coupon).model_dump()]


def existing_sources(discount_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Sources of discounts that exist already."""
    return [DiscountSource(discount=id).model_dump() for id in discount_ids]


def refuse_unusable(
    db: Session, customer: Customer, subscription: Subscription, sent: Sequence[DiscountSource], amount: int, at: int
) -> None:
    """Raises `InvalidRequest` for discounts that a phase from `at` on, which costs `amount`, would leave out."""
    owner = DiscountOwner(customer, currency=subscription.currency, amount=amount)
    whole = [*(DiscountSource(discount=id) for id in subscription.discounts), *sent]
    if len(_usable_sources(db, owner, whole, at)) < len(whole):
        raise InvalidRequest("The discounts can't be redeemed when the phase starts.", param="discounts")


def apply_discounts(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    phase: Phase,
    since: Phase | None,
    after: Sequence[SoldItem],
    now: int,
) -> None:
    """Replace the discounts so far by those of this phase; those from the same coupon or promotion code stay.

    `since` is the same phase as it was until now, if it runs: what it has redeemed is not redeemed again.
    """
    db.flush()
    redeemed = (since or {}).get("discounts") or []
    price = items.period_amount(after)
    owner = DiscountOwner(customer, currency=subscription.currency, amount=price)
    whole = _kept_and_new_sources(db, owner, phase.get("discounts") or [], redeemed, subscription.discounts, now)
    if whole or subscription.discounts:
        sent = DiscountParams(discounts=whole)
        redemptions.redeem_for_subscription(db, customer, subscription, sent, price, now=now)
    wanted, had = _sources_by_price(phase), _sources_by_price(since) if since else {}
    for sold in after:
        id = sold.price.id
        buyer = replace(owner, amount=sold.amount)
        own = _kept_and_new_sources(db, buyer, wanted.get(id, []), had.get(id, []), sold.item.discounts, now)
        if own or sold.item.discounts:
            redemptions.redeem_for_subscription_item(db, customer, subscription, sold, own, "items", now=now)
    db.flush()


def _sources_by_price(phase: Phase) -> dict[str, list[dict[str, Any]]]:
    return {each["price"]: each.get("discounts") or [] for each in phase["items"]}


def _kept_and_new_sources(
    db: Session,
    owner: DiscountOwner,
    sent: Sequence[Mapping[str, Any]],
    redeemed: Sequence[Mapping[str, Any]],
    held: Sequence[str],
    now: int,
) -> list[DiscountSource]:
    """The sources that are kept or can still be redeemed. Others are left out, as a phase must start in any case.

    A discount in `held` stands for its coupon or promotion code. What is in `redeemed` is kept or left out.
    """
    owned, origins = rows_by_id(db, Discount, held), _origin_ids(db, redeemed)
    running = set(discounts.running_ids(db, held, now))
    found: list[DiscountSource] = []
    for source in stored_sources(sent):
        ids = _source_ids(source)
        past = bool(ids & origins)
        same = [id for id in held if id in owned and ids & _discount_ids(owned[id])]
        kept = [id for id in same if past or id in running or id in ids]
        if kept:
            found.append(DiscountSource(discount=kept[0]))
        elif not past and not source.discount:
            found.append(source)
    return _usable_sources(db, owner, found, now)


def _usable_sources(
    db: Session, owner: DiscountOwner, sources: Sequence[DiscountSource], now: int
) -> list[DiscountSource]:
    """The sources without those that this owner can't redeem, or not any more; each coupon once."""
    usable: dict[str, DiscountSource] = {}
    for source in sources:
        if source.discount or coupon_uses.can_redeem(db, owner, source, now=now):
            usable.setdefault(_coupon_id(db, source), source)
    return list(usable.values())[: coupon_uses.MOST_DISCOUNTS]


def _coupon_id(db: Session, source: DiscountSource) -> str:
    if source.discount:
        return find_row(db, Discount, source.discount, noun="discount").coupon_id
    if source.promotion_code:
        return find_row(db, PromotionCode, source.promotion_code, noun="promotion code").coupon_id
    return source.coupon or ""


def _origin_ids(db: Session, sources: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of sources, together with the coupons and promotion codes of those that are discounts."""
    ids = {id for each in stored_sources(sources) for id in _source_ids(each)}
    rows = rows_by_id(db, Discount, [each["discount"] for each in sources if each.get("discount")])
    return ids.union(*(_discount_ids(row) for row in rows.values()))


def _source_ids(source: DiscountSource) -> set[str]:
    return {id for id in (source.coupon, source.discount, source.promotion_code) if id}


def _discount_ids(row: Discount) -> set[str]:
    """The ids by which a source can name a discount."""
    return {id for id in (row.id, row.coupon_id, row.promotion_code_id) if id}


def stored_sources(sources: Sequence[Mapping[str, Any]] | None) -> list[DiscountSource]:
    """The sources of a phase as parameters again."""
    return [DiscountSource(**{name: id for name, id in each.items() if id}) for each in sources or []]
