"""The plans that a customer can start, by the products that they are of."""

from sqlalchemy.orm import Session

from portal.billing.checkout import plan_starts
from portal.billing.customer_portal.plan_offers import PlanOffer
from portal.models import Customer
from portal.rules.permissions import Features


def list_by_product(db: Session, customer: Customer, features: Features) -> list[list[PlanOffer]]:
    """What can be started, each product with its prices; what was the last plan comes first."""
    found: dict[str, list[PlanOffer]] = {}
    for offer in plan_starts.list_payable(db, customer, features):
        found.setdefault(offer.product.id, []).append(offer)
    return list(found.values())
