"""The form of an offer to stay."""

from __future__ import annotations

from wtforms import SubmitField

from portal.hosted.plan_forms import ConfirmForm


class StayForm(ConfirmForm):
    """The button that was pressed, and what the page showed: the revision, the time of prorations, the amount due."""

    accept = SubmitField()
    decline = SubmitField()
