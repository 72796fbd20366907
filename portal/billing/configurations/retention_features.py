"""Offers to stay in a portal configuration: their parameters, and what of them can't be set."""

from typing import Annotated, Any, Literal, get_args

from sqlalchemy.orm import Session

from portal.billing.configurations import feedback_options
from portal.db import rows_by_id
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Coupon, Price
from portal.rules.subscriptions import Feedback
from portal.wire.commands import Command, Flag, Id, ListOf, integer_between

MOST_OFFERS = 20
_WHERE = "features[subscription_cancel][retention][offers]"


class OfferToStay(Command):
    """What a customer is offered instead of canceling, for some reasons or, without any, for each."""

    type: Literal["coupon", "pause", "price"]
    coupon: Id | None = None
    price: Id | None = None
    reasons: ListOf[Id] = []


class Retention(Command):
    """Whether customers who are about to cancel are offered something first, and after how many days once more."""

    enabled: Flag | None = None
    days: Annotated[int, integer_between(1, 3650)] = 90
    offers: ListOf[OfferToStay] = []


def refuse_unusable(db: Session, sent: Retention) -> None:
    """Raises `InvalidRequest` or `ResourceMissing` for offers that nobody could be made."""
    if len(sent.offers) > MOST_OFFERS:
        raise InvalidRequest(f"There can be at most {MOST_OFFERS} offers.", param=_WHERE)
    for index, offer in enumerate(sent.offers):
        where = f"{_WHERE}[{index}]"
        for name in ("coupon", "price"):
            if (getattr(offer, name) is not None) != (offer.type == name):
                _refuse_parameter(name, offer.type, f"{where}[{name}]")
        _refuse_unknown(db, offer, where)
        own = [each for each in offer.reasons if each not in get_args(Feedback)]
        feedback_options.refuse_unusable(db, own, f"{where}[reasons]")


def fill_offers(retention: dict[str, Any]) -> None:
    """Each offer is stored with all of its keys."""
    empty: dict[str, Any] = {"coupon": None, "price": None, "reasons": []}
    retention["offers"] = [{**empty, **each} for each in retention["offers"] or []]


def _refuse_parameter(name: str, type: str, param: str) -> None:
    if type == name:
        raise MissingParameter(param)
    raise InvalidRequest(f"An offer with `type={type}` has no {name}.", param=param)


def _refuse_unknown(db: Session, offer: OfferToStay, where: str) -> None:
    if offer.coupon is not None and offer.coupon not in rows_by_id(db, Coupon, [offer.coupon]):
        raise ResourceMissing("coupon", offer.coupon, param=f"{where}[coupon]")
    price = rows_by_id(db, Price, [offer.price]).get(offer.price) if offer.price else None
    if offer.price is not None and price is None:
        raise ResourceMissing("price", offer.price, param=f"{where}[price]")
    if price is not None and price.interval is None:
        raise InvalidRequest("A subscription needs prices with `type=recurring`.", param=f"{where}[price]")
