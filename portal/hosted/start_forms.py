"""The form by which a customer starts a plan."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from portal.billing.customer_portal.plan_offers import PlanOffer
from portal.hosted.forms import to_ascii_digits
from portal.hosted.plan_forms import quantity_hint

_MOST_DIGITS = 6


class StartForm(FlaskForm):
    """The plan, and how many of it where that may be chosen."""

    price = RadioField(_l("Plan"), [InputRequired(_l("Choose a plan."))])
    quantity = StringField(_l("Quantity"), filters=[to_ascii_digits])
    offered: dict[str, PlanOffer]

    @classmethod
    def for_offers(cls, offers: Sequence[PlanOffer], price: str | None) -> StartForm:
        """The form with `price` selected, where it is offered, else the first one."""
        offered = {each.price.id: each for each in offers}
        selected = price if price in offered else offers[0].price.id
        limits = offered[selected].quantities
        form = cls(data={"price": selected, "quantity": str(limits.minimum if limits else 1)})
        form.price.choices = [(id, each.product.name) for id, each in offered.items()]
        form.offered = offered
        if not any(each.quantities for each in offers):
            del form.quantity
        return form

    @property
    def chosen_quantity(self) -> int:
        """The quantity that was chosen; 1 of a plan of which there is no choice."""
        return int(self.quantity.data) if self.offered[self.price.data].quantities else 1

    @property
    def hint(self) -> str | None:
        """Which quantities are allowed, if that is the same for each plan that has a choice."""
        limits = {each.quantities for each in self.offered.values() if each.quantities}
        return quantity_hint(limits.pop()) if len(limits) == 1 else None

    def validate(self, extra_validators: object = None) -> bool:
        """Each field by itself, then the quantity against the chosen plan."""
        if not super().validate(extra_validators):
            return False
        limits, typed = self.offered[self.price.data].quantities, self.quantity.data if "quantity" in self else ""
        if limits is None:
            return True
        if not typed.isdecimal() or len(typed) > _MOST_DIGITS or not limits.allows_quantity(int(typed)):
            self.quantity.errors = [quantity_hint(limits)]
            return False
        return True
