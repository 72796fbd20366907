"""The form for a card of the sandbox."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, RadioField
from wtforms.validators import DataRequired, InputRequired, ValidationError

from portal import clock
from portal.hosted.forms import text_field, to_ascii_digits
from portal.hosted.method_cards import BRANDS
from portal.providers import sandbox

_MONTHS, _CENTURY, _LONGEST_HOLDER = 12, 2000, 70


class CardForm(FlaskForm):
    """One of the sandbox's cards, and the month on it."""

    card = RadioField(_l("Which card?"), [InputRequired(_l("Choose a card."))])
    expiry = text_field(_l("Expires"), 10, DataRequired(_l("Enter the month, such as 03/27.")))
    name = text_field(_l("Name on the card"), _LONGEST_HOLDER)
    moment = 0

    @classmethod
    def for_moment(cls, now: int) -> CardForm:
        """The form as it is at a moment: with a month that is well ahead."""
        at = clock.utc_datetime(now)
        form = cls()
        form.card.choices = list_cards()
        form.moment = now
        if not form.is_submitted():
            form.card.data = sandbox.CARDS[0].token
            form.expiry.data = f"12/{(at.year + sandbox.YEARS) % 100:02}"
        return form

    def last_month(self) -> tuple[int, int]:
        """The month and the year on the card."""
        return _parse(self.expiry.data)

    def validate_expiry(self, field: Field) -> None:
        """A month as cards show it; one that is over is taken, too, as it is declined then."""
        if _parse(field.data) == (0, 0):
            raise ValidationError(_("Enter the month, such as 03/27."))


def list_cards() -> list[tuple[str, str]]:
    """The cards of the sandbox: their tokens, and what they do."""
    return [(each.token, _describe(each)) for each in sandbox.CARDS]


def _parse(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,2})/(?:20)?([0-9]{2})", to_ascii_digits(text) if text.isdigit() else text.strip())
    month, year = (int(found[1]), _CENTURY + int(found[2])) if found else (0, 0)
    return (month, year) if 1 <= month <= _MONTHS else (0, 0)


def _describe(card: sandbox.MagicCard) -> str:
    words: dict[sandbox.Behaviour, str] = {
        "succeed": _("pays"),
        "decline": _("is declined"),
        "insufficient": _("is declined, as there is not enough money"),
        "expired": _("is declined as expired"),
        "confirm": _("has each payment confirmed by the customer"),
        "dispute": _("pays, and a minute later the money is taken back"),
        "dispute_won": _("pays; the money is taken back and comes again, as the dispute is won"),
        "dispute_lost": _("pays; the money is taken back for good, as the dispute is lost"),
        "inquiry": _("pays, and a minute later the bank asks about it"),
        "refund_waits": _("pays; a refund takes a minute"),
        "refund_fails": _("pays; a refund fails after a minute"),
    }
    name = _("%(brand)s ending in %(last4)s", brand=BRANDS[card.brand], last4=card.last4)
    return f"{name}: {words[card.behaviour]}"
