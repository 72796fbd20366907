"""The forms of a plan change: choose the plan, and confirm the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.billing.customer_portal.plan_add_ons import AddOn
from portal.billing.customer_portal.plan_choices import PlanChoice
from portal.hosted.forms import strip_text, to_ascii_digits
from portal.hosted.languages import locale
from portal.hosted.requested_plan import ADD_ON
from portal.rules.permissions import QuantityRange

_MOST_DIGITS = 6


@dataclass(frozen=True)
class PlanStart:
    """What the form begins with: the selected price, and what was typed before another group of plans was chosen.

    `add_ons` is what was typed of what is beside the plan, by the names of the fields.
    """

    price: str | None
    quantity: str | None = None
    code: str = ""
    add_ons: Mapping[str, str] = field(default_factory=dict)


class PlanForm(FlaskForm):
    """The plan, its quantity and a promotion code, as far as the customer may choose each."""

    price = RadioField(_l("Plan"), [InputRequired(_l("Choose a plan."))])
    quantity = StringField(_l("Quantity"), filters=[to_ascii_digits])
    code = StringField(
        _l("Promotion code"), [Length(max=500, message=_l("Use at most %(max)d characters."))], [strip_text]
    )

    @classmethod
    def for_choices(
        cls,
        choices: Sequence[PlanChoice],
        add_ons: Sequence[AddOn],
        quantity: int,
        begin: PlanStart,
        *,
        may_redeem: bool,
    ) -> PlanForm:
        """The form for these choices, what can be had beside them and the present quantity, filled as `begin` says."""
        changeable = {f"{ADD_ON}{each.price.id}": each for each in add_ons if each.changes}
        beside = {
            name: StringField(
                each.product.name, default=begin.add_ons.get(name, str(each.quantity)), filters=[to_ascii_digits]
            )
            for name, each in changeable.items()
        }
        form: PlanForm = type("OwnPlanForm", (cls,), beside)(
            data={
                "price": begin.price,
                "quantity": str(quantity) if begin.quantity is None else begin.quantity,
                "code": begin.code,
            }
        )
        form.price.choices = [(each.price.id, each.product.name) for each in choices]
        if not any(each.quantities for each in choices):
            del form.quantity
        if not may_redeem:
            del form.code
        form.before, form.offered = quantity, {each.price.id: each for each in choices}
        form.add_ons = changeable
        return form

    before: int
    offered: dict[str, PlanChoice]
    add_ons: dict[str, AddOn]

    @property
    def chosen_quantity(self) -> int:
        """The chosen quantity; the present one where it can't be chosen."""
        limits = self._quantity_limits
        return int(self.quantity.data) if limits else self.before

    @property
    def shown_quantity(self) -> int:
        """The quantity that prices are shown for: the typed one, if any of the plans can be had so many times."""
        return int(self.quantity.data) if self._allowing_typed else self.before

    @property
    def typed_code(self) -> str | None:
        """The code that was typed, if any."""
        return (self.code.data or None) if "code" in self else None

    def check_typed_quantity(self) -> None:
        """Show an error at the quantity where none of the plans can be had so many times."""
        limits = self._quantity_limits or next(iter(self._offered_limits), None)
        if limits and not self._allowing_typed:
            self.quantity.errors = [quantity_hint(limits)]

    def validate(self, extra_validators: object = None) -> bool:
        """Each field by itself, then the quantity against the chosen plan, and that anything changes."""
        if not super().validate(extra_validators):
            return False
        if (limits := self._quantity_limits) and not self._is_within_limits(limits):
            self.quantity.errors = [quantity_hint(limits)]
            return False
        if not self._check_add_ons():
            return False
        unchanged = self.offered[self.price.data].current and self.chosen_quantity == self.before
        if unchanged and not self.changed_add_ons:
            self.price.errors = [_("You have this plan already. Choose another one.")]
            if "quantity" in self or self.add_ons:
                self.price.errors = [_("You have exactly this already. Choose another plan or quantity.")]
            return False
        return True

    @property
    def changed_add_ons(self) -> dict[str, int]:
        """How many there are to be of what changes beside the plan, by price."""
        wanted = {each.price.id: (int(self[name].data), each.quantity) for name, each in self.add_ons.items()}
        return {id: many for id, (many, before) in wanted.items() if many != before}

    def _check_add_ons(self) -> bool:
        """Whether there can be so many of each; shows an error where there can't."""
        for name, each in self.add_ons.items():
            typed = self[name].data or ""
            if not typed.isdecimal() or len(typed) > _MOST_DIGITS or not each.allows(int(typed)):
                self[name].errors = [add_on_hint(each)]
                return False
        return True

    @property
    def _quantity_limits(self) -> QuantityRange | None:
        chosen = self.offered.get(self.price.data)
        return chosen.quantities if chosen and "quantity" in self else None

    @property
    def _offered_limits(self) -> list[QuantityRange]:
        return [each.quantities for each in self.offered.values() if each.quantities] if "quantity" in self else []

    @property
    def _allowing_typed(self) -> list[QuantityRange]:
        return [limits for limits in self._offered_limits if self._is_within_limits(limits)]

    def _is_within_limits(self, limits: QuantityRange) -> bool:
        typed = self.quantity.data
        return typed.isdecimal() and len(typed) <= _MOST_DIGITS and limits.allows_quantity(int(typed))


def add_on_hint(add_on: AddOn) -> str:
    """How many of an add-on there can be, as a sentence."""
    if add_on.quantities is None:
        return str(_("Enter 1 to have it, or 0 for none.") if add_on.quantity < 2 else _("Enter 0 for none."))
    hint = quantity_hint(add_on.quantities)
    return f"{hint} {_('Enter 0 for none.')}" if add_on.removable else hint


class ConfirmForm(FlaskForm):
    """What the page showed: the revision, the proration date, the amount due, and prices that are moved to."""

    revision = HiddenField()
    date = HiddenField()
    due = HiddenField()
    moved_to = HiddenField()


def quantity_hint(limits: QuantityRange) -> str:
    """Which quantities are allowed, as a sentence."""
    least = i18n.format_number(limits.minimum, locale())
    if limits.maximum is None:
        return str(_("Enter a whole number, %(minimum)s or more.", minimum=least))
    most = i18n.format_number(limits.maximum, locale())
    return str(_("Enter a whole number from %(minimum)s to %(maximum)s.", minimum=least, maximum=most))


def shared_quantity_hint(shown: Sequence[PlanChoice]) -> str | None:
    """Which quantities are allowed, if that is the same for every plan shown."""
    limits = {each.quantities for each in shown if each.quantities}
    return quantity_hint(limits.pop()) if len(limits) == 1 else None
