"""The change that a customer asks for, as far as the configuration and its rules allow it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import change_rules, changeable_items, plan_add_ons, plan_choices
from portal.billing.customer_portal.change_rules import NotChangeable
from portal.billing.customer_portal.plan_add_ons import AddOnChanges
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.models import Price, Subscription
from portal.rules.money import multiply_price
from portal.rules.permissions import Features


@dataclass(frozen=True)
class AllowedChange:
    """A change that may be made: the item that makes the plan, its new price and quantity, and the other items."""

    sold: SoldItem
    price: Price
    quantity: int
    others: AddOnChanges

    @property
    def amount(self) -> int:
        """What a period costs afterwards, in minor units."""
        return multiply_price(self.price.unit_amount_decimal, self.quantity) + self.others.after

    @property
    def moved_to(self) -> list[str]:
        """The prices, by id, that items beside the plan are moved to, as nobody has named them."""
        return [each.price.id for each, _quantity in self.others.kept if each.moves]


def find_allowed(
    db: Session, subscription: Subscription, features: Features, asked: PlanChange, *, now: int
) -> AllowedChange:
    """What a change means for the items. Raises `NotChangeable` for what is not offered, or what the rules refuse."""
    items = changeable_items.list_changeable(db, subscription)
    if not items:
        raise NotChangeable(f"The subscription '{subscription.id}' can't be changed by its customer.", param=None)
    sold = plan_add_ons.find_base(items, features)
    offered = plan_choices.list_choices(db, subscription, items, sold, features)
    choice = next((each for each in offered if each.price.id == asked.price_id), None)
    if choice is None:
        raise NotChangeable(f"The configuration does not offer the price '{asked.price_id}'.", param="price")
    if not plan_choices.may_have_quantity(choice, asked.quantity, sold.item.quantity):
        raise NotChangeable("The configuration does not allow this quantity.", param="quantity")
    if choice.held_up_by:
        names = ", ".join(product.id for product in choice.held_up_by)
        raise NotChangeable(f"The configuration lists no price of this interval for {names}.", param="price")
    others = plan_add_ons.resolve(db, items, sold, features, choice.price, asked.add_ons)
    change_rules.refuse(db, subscription, sold, choice.price, asked.quantity, features, others, now=now)
    return AllowedChange(sold, choice.price, asked.quantity, others)
