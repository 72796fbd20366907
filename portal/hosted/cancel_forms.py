"""The forms of a cancellation: the reason for it, and the answer to an offer to stay."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SubmitField, TextAreaField
from wtforms.validators import Optional

from portal.billing.subscriptions.params import CancellationDetails
from portal.errors import InvalidRequest
from portal.hosted.forms import max_length, strip_text
from portal.models import FeedbackOption
from portal.rules import permissions
from portal.wire.commands import parse_command

MOST_COMMENT_CHARACTERS = 500


class OfferForm(FlaskForm):
    """The answer to the offer: the button that was pressed."""

    accept = SubmitField()
    decline = SubmitField()


class CancelForm(FlaskForm):
    """The reason for canceling, where it is asked, and the revision of the subscription that was shown."""

    revision = HiddenField()
    reason = RadioField(_l("Why are you canceling?"), [Optional()])
    own: set[str]
    comment = TextAreaField(_l("Would you like to say more?"), [max_length(MOST_COMMENT_CHARACTERS)], [strip_text])

    @classmethod
    def with_reasons(cls, features: permissions.Features, own: Sequence[FeedbackOption]) -> CancelForm:
        """The form with the reasons of a configuration and the merchant's `own`, or without that question."""
        form, reasons = cls(), permissions.cancellation_reasons(features)
        form.own = {option.id for option in own}
        if reasons or own:
            words = reason_labels()
            named = [(reason, words[reason]) for reason in reasons if reason != "other"]
            last = [(reason, words[reason]) for reason in reasons if reason == "other"]
            form.reason.choices = [*named, *((option.id, option.description) for option in own), *last]
        else:
            del form.reason, form.comment
        return form

    def choose(self, reason: str | None) -> None:
        """Begin with a reason that was given before, if it is one of these and no other was chosen."""
        if "reason" in self and not self.reason.data and reason in [key for key, _words in self.reason.choices]:
            self.reason.data = reason

    def parse_details(self) -> CancellationDetails | None:
        """The details as the use case takes them; None, with an error at the comment, where that can't be stored."""
        try:
            return parse_command(CancellationDetails, self._answers)
        except InvalidRequest:
            self.comment.errors = [_("There are characters in it that can't be used.")]
            return None

    @property
    def _answers(self) -> dict[str, str]:
        if "reason" not in self:
            return {}
        chosen = "feedback_option" if self.reason.data in self.own else "feedback"
        answers = {chosen: self.reason.data, "comment": self.comment.data}
        return {name: answer for name, answer in answers.items() if answer}


def reason_labels() -> dict[str, str]:
    """The eight reasons of the wire in the page's language."""
    return {
        "too_expensive": _("It's too expensive"),
        "missing_features": _("I need more features"),
        "switched_service": _("I found something else"),
        "unused": _("I don't use it enough"),
        "customer_service": _("Customer service was less than expected"),
        "too_complex": _("Ease of use was less than expected"),
        "low_quality": _("Quality was less than expected"),
        "other": _("Another reason"),
    }
