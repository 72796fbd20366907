"""The answers to a quote: yes, or no and perhaps why."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from portal.hosted.forms import max_length, strip_text
from portal.rules.quotes import LONGEST_REASON


class AcceptForm(FlaskForm):
    """The button."""


class DeclineForm(FlaskForm):
    """Why not, in the customer's own words."""

    reason = TextAreaField(_l("What speaks against it?"), [max_length(LONGEST_REASON)], [strip_text])
