"""The forms of a change of plan: what is chosen, and that what was seen is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.billing.customer_portal.plan_changes import Choice
from portal.hosted.forms import in_ascii_digits, stripped
from portal.hosted.languages import locale
from portal.rules.permissions import Quantities

_MOST_DIGITS = 6


class PlanForm(FlaskForm):
    """Which plan, how many of it, and a promotion code, as far as each can be chosen."""

    price = RadioField(_l("Plan"), [InputRequired(_l("Choose a plan."))])
    quantity = StringField(_l("Quantity"), filters=[in_ascii_digits])
    code = StringField(
        _l("Promotion code"), [Length(max=500, message=_l("Use at most %(max)d characters."))], [stripped]
    )

    @classmethod
    def of(cls, choices: Sequence[Choice], quantity: int, *, may_redeem: bool) -> PlanForm:
        """The form for these choices, with the present plan chosen where it is among them."""
        current = next((each.price.id for each in choices if each.current), None)
        form = cls(data={"price": current, "quantity": str(quantity)})
        form.price.choices = [(each.price.id, each.product.name) for each in choices]
        if not any(each.quantities for each in choices):
            del form.quantity
        if not may_redeem:
            del form.code
        form.before, form.offered = quantity, {each.price.id: each for each in choices}
        return form

    before: int
    offered: dict[str, Choice]

    @property
    def number(self) -> int:
        """How many: as many as before where that can't be chosen."""
        limits = self._limits
        return int(self.quantity.data) if limits else self.before

    @property
    def typed_code(self) -> str | None:
        """The code that was typed, if any."""
        return (self.code.data or None) if "code" in self else None

    def validate(self, extra_validators: object = None) -> bool:
        """Each field by itself, then the number against the plan that is chosen, and that it is a change."""
        if not super().validate(extra_validators):
            return False
        if (limits := self._limits) and not self._holds(limits):
            self.quantity.errors = [words_of(limits)]
            return False
        if self.offered[self.price.data].current and self.number == self.before:
            self.price.errors = [_("You have this plan already. Choose another one.")]
            if "quantity" in self:
                self.price.errors = [_("You have exactly this already. Choose another plan or quantity.")]
            return False
        return True

    @property
    def _limits(self) -> Quantities | None:
        chosen = self.offered.get(self.price.data)
        return chosen.quantities if chosen and "quantity" in self else None

    def _holds(self, limits: Quantities) -> bool:
        typed = self.quantity.data
        return typed.isdecimal() and len(typed) <= _MOST_DIGITS and limits.hold(int(typed))


class ConfirmForm(FlaskForm):
    """The state that a change was seen in: the subscription's, the moment it counts from, and what is due."""

    revision = HiddenField()
    date = HiddenField()
    due = HiddenField()


def words_of(limits: Quantities) -> str:
    """How many can be had, in words."""
    least = i18n.number(limits.minimum, locale())
    if limits.maximum is None:
        return str(_("Enter a whole number, %(minimum)s or more.", minimum=least))
    most = i18n.number(limits.maximum, locale())
    return str(_("Enter a whole number from %(minimum)s to %(maximum)s.", minimum=least, maximum=most))
