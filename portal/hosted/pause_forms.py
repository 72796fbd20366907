"""The forms of a pause: for how long, and going on."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired

from portal.billing.customer_portal import plan_pauses
from portal.hosted.languages import day


class PauseForm(FlaskForm):
    """For how long, where there is a choice, and the revision of the subscription that was shown."""

    revision = HiddenField()
    duration = RadioField(_l("For how long?"), [InputRequired(_l("Choose for how long."))])

    @classmethod
    def with_durations(cls, durations: Sequence[tuple[str, int]], now: int) -> PauseForm:
        """The form with the durations of a configuration; one of them, or none, is no question."""
        form = cls()
        if len(durations) > 1:
            form.duration.choices = [(_key(*each), _name_duration(*each, now)) for each in durations]
        else:
            del form.duration
        return form

    def choose(self, durations: Sequence[tuple[str, int]], now: int) -> int | None:
        """The second at which the pause ends; None for one that ends when the customer goes on."""
        chosen = self.duration.data if "duration" in self else None
        found = next((each for each in durations if chosen in (None, _key(*each))), None)
        return plan_pauses.pause_end(*found, now) if found else None


class ResumeForm(FlaskForm):
    """The revision of the subscription that was shown."""

    revision = HiddenField()


def _key(interval: str, count: int) -> str:
    return f"{interval}-{count}"


def _name_duration(interval: str, count: int, now: int) -> str:
    words: str = _(
        "%(duration)s, until %(date)s",
        duration=_span(interval, count),
        date=day(plan_pauses.pause_end(interval, count, now)),
    )
    return words


def _span(interval: str, count: int) -> str:
    words = {
        "day": ngettext("%(num)d day", "%(num)d days", count),
        "week": ngettext("%(num)d week", "%(num)d weeks", count),
        "month": ngettext("%(num)d month", "%(num)d months", count),
        "year": ngettext("%(num)d year", "%(num)d years", count),
    }
    return str(words[interval])
