"""Plans that customers start in the portal, by a checkout session of their own: one order at a time."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import new_sessions, sessions, started_sessions, ways
from portal.billing.checkout.params import CreateCheckoutSession, ExpireCheckoutSession
from portal.billing.customer_portal import plan_offers
from portal.billing.customer_portal.plan_offers import HasPlan, PlanOffer
from portal.billing.ledger import locks
from portal.errors import InvalidRequest
from portal.models import Customer
from portal.rules import permissions
from portal.rules.permissions import Features
from portal.seal import Seal


@dataclass(frozen=True)
class PlanStart:
    """What a customer wants to start, from a portal session at this address and in this language.

    `embed` is the page that shows the session within it, and so the checkout. `returns` says whether the checkout leads
    back to the address: not from a window beside that page.
    """

    price: str
    quantity: int
    address: str
    locale: str
    embed: dict[str, Any] | None = None
    returns: bool = True


def list_payable(db: Session, customer: Customer, features: Features) -> list[PlanOffer]:
    """What the customer can start and pay by something that this account takes."""
    offers = plan_offers.list_offers(db, customer, features)
    payable = {
        currency for currency in {each.price.currency for each in offers} if ways.list_types(db, features, currency)
    }
    return [each for each in offers if each.price.currency in payable or each.price.unit_amount_decimal == "0"]


def start(db: Session, customer_id: str, features: Features, wanted: PlanStart, *, seal: Seal, now: int) -> str:
    """The secret of the link to the checkout of a plan; clicks for the same lead to the same one.

    Raises `HasPlan`, and `InvalidRequest` for what the configuration does not offer.
    """
    customer = locks.billable_customer(db, customer_id)
    last = started_sessions.find_open(db, customer_id, now=now)
    leads = last is not None and started_sessions.leads_to(last, asdict(wanted))
    if last is not None and leads and (link := started_sessions.open_link(last, seal)):
        return link
    beside = permissions.plans_beside(features)
    if plan_offers.is_refused(db, customer_id, beside, wanted.price):
        raise HasPlan("The customer has a plan already.", param="price")
    offer = next((each for each in list_payable(db, customer, features) if each.price.id == wanted.price), None)
    if offer is None:
        raise InvalidRequest(f"The configuration does not offer the price '{wanted.price}'.", param="price")
    if not _allows(offer, wanted.quantity):
        raise InvalidRequest("The configuration does not allow this quantity.", param="quantity")
    if last is not None:
        sessions.expire(db, last, ExpireCheckoutSession(), now=now)
    types = ways.list_types(db, features, offer.price.currency)
    new = new_sessions.create(db, _build_command(customer, features, offer, wanted, types), now=now)
    new.session.locale = wanted.locale
    if wanted.returns:
        new.session.success_url, new.session.cancel_url = f"{wanted.address}/done", wanted.address
    started_sessions.mark(new.session, asdict(wanted), new.link_secret, seal, beside)
    return new.link_secret


def _allows(offer: PlanOffer, quantity: int) -> bool:
    return offer.quantities.allows_quantity(quantity) if offer.quantities else quantity == 1


def _build_command(
    customer: Customer, features: Features, offer: PlanOffer, wanted: PlanStart, types: tuple[str, ...]
) -> CreateCheckoutSession:
    sent: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer.id,
        "payment_method_types": types,
        "line_items": [{"price": offer.price.id, "quantity": wanted.quantity}],
        "allow_promotion_codes": features["subscription_create"]["allow_promotion_codes"],
    }
    if offer.trial_days:
        sent["subscription_data"] = {"trial_period_days": offer.trial_days}
    return CreateCheckoutSession.model_validate(sent)
