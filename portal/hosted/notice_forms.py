"""The forms of the public pages to cancel and to withdraw: what the law lets them ask for, and no more."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, HiddenField, RadioField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, Optional, ValidationError

from portal import clock, zones
from portal.billing.customer_portal.cancellation_notices import NoticeContent
from portal.hosted.forms import LoginForm, max_length, strip_text, text_field
from portal.hosted.languages import zone

_MOST_REASON_CHARACTERS = 2000


class NoticeForm(LoginForm):
    """Kind, reason, name, address, number and day of the end; `once` is of the second step, which `confirm` sends."""

    kind = RadioField(_l("Kind of cancellation"), default="ordinary")
    reason = TextAreaField(_l("Reason"), [max_length(_MOST_REASON_CHARACTERS)], [strip_text])
    name = text_field(_l("Your name"), 256, DataRequired(_l("Enter your name.")))
    reference = text_field(
        _l("Number of your plan, customer account or an invoice"), 256, DataRequired(_l("Enter one of these numbers."))
    )
    wanted_on = DateField(_l("End on"), [Optional()])
    once = HiddenField()
    confirm = SubmitField()
    change = SubmitField()

    @classmethod
    def with_kinds(cls) -> NoticeForm:
        """The form as it was sent, with both kinds to choose from; it belongs to no visit, and so has no token."""
        form = cls(meta={"csrf": False})
        form.kind.choices = [
            ("ordinary", _("Ordinary, for the next possible day")),
            ("extraordinary", _("Extraordinary, for a reason")),
        ]
        return form

    def validate_reason(self, field: Field) -> None:
        """An extraordinary cancellation has a reason."""
        if self.kind.data == "extraordinary" and not field.data:
            raise ValidationError(_("Enter the reason."))

    def validate_wanted_on(self, field: Field) -> None:
        """The day can't have passed."""
        if field.data is not None and field.data < zones.day_of(clock.now(), zone()):
            raise ValidationError(_("Choose a day to come."))

    @property
    def content(self) -> NoticeContent:
        """What is declared."""
        return NoticeContent(
            self.kind.data, self.name.data, self.reference.data, self.reason.data or None, self.wanted_on.data
        )


class WithdrawalForm(NoticeForm):
    """The same for a withdrawal, which has one kind, needs no reason and counts at once."""

    kind = None
    reason = None
    wanted_on = None

    @classmethod
    def of_page(cls) -> WithdrawalForm:
        """The form as it was sent; it belongs to no visit, and so has no token."""
        return cls(meta={"csrf": False})

    @property
    def content(self) -> NoticeContent:
        """What is declared."""
        return NoticeContent("withdrawal", self.name.data, self.reference.data, None, None)
