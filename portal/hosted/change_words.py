"""Why a customer can't make a change of a plan, in words."""

from flask_babel import gettext as _

from portal import clock
from portal.hosted.languages import day
from portal.rules.switch_rules import Refusal


def explain(refusal: Refusal) -> str:
    """The reason as a sentence."""
    if refusal.until is not None:
        return explain_commitment(refusal.until)
    words = {
        "decreasing_item_amount": _("You can't change to less than you have here."),
        "increasing_item_amount": _("You can't change to more than you have here."),
        "lengthening_interval": _("You can't change to a longer billing interval here."),
        "shortening_interval": _("You can't change to a shorter billing interval here."),
    }
    return str(words[refusal.kind])


def explain_commitment(until: int) -> str:
    """What a commitment means, with the last day of it."""
    return str(
        _("You keep at least what you have until %(date)s; you can change to more.", date=day(until - clock.DAY))
    )
