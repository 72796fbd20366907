"""The plans that the visiting customer can start, and the checkout that a choice leads to."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.checkout import plan_starts, started_sessions
from portal.billing.checkout.plan_starts import PlanStart
from portal.billing.customer_portal.plan_offers import PlanOffer
from portal.hosted import checkout_choices
from portal.hosted.visits import Visit
from portal.models import Customer
from portal.web import hosts
from portal.web.services import services


def list_by_product(db: Session, visit: Visit, customer: Customer) -> list[list[PlanOffer]]:
    """What can be started, each product with its prices; what was the last plan comes first."""
    found: dict[str, list[PlanOffer]] = {}
    for offer in plan_starts.list_payable(db, customer, visit.features):
        found.setdefault(offer.product.id, []).append(offer)
    return list(found.values())


def start(db: Session, visit: Visit, price: str, quantity: int) -> str:
    """The path of the checkout of a choice. Raises `HasPlan`, and `InvalidRequest` for what is not offered."""
    beside = needs_window(db, visit)
    embed = asdict(visit.embed) if visit.embed and not beside else None
    wanted = PlanStart(price, quantity, _address(visit), visit.locale, embed, returns=not beside)
    seal = services().seal
    return _path(plan_starts.start(db, visit.customer_id, visit.features, wanted, seal=seal, now=clock.now()))


def needs_window(db: Session, visit: Visit) -> bool:
    """Whether a checkout needs a window of its own: the pages of a provider may be in no frame."""
    return visit.embed is not None and checkout_choices.leads_elsewhere(db)


def find_ordered(db: Session, visit: Visit) -> str | None:
    """The path of the checkout of a plan that was ordered and waits for its first payment."""
    secret = started_sessions.find_ordered(db, visit.customer_id, seal=services().seal, now=clock.now())
    return _path(secret) if secret else None


def find_started(db: Session, visit: Visit) -> str | None:
    """The id of the subscription that this visit has started last."""
    session = started_sessions.find_started(db, visit.customer_id, _address(visit))
    return session.subscription_id if session else None


def _path(secret: str) -> str:
    return f"/checkout/{secret}"


def _address(visit: Visit) -> str:
    return f"{hosts.base_url()}{visit.path}subscribe"
