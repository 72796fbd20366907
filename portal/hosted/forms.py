"""What the forms of several pages share, and the forms for an address, its code and a tax ID."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, ValidationError

from portal import i18n
from portal.hosted.languages import number_name
from portal.rules import tax_ids
from portal.wire.texts import email_address


def strip_text(value: str | None) -> str:
    """Text without white space around it; the empty text where nothing was typed."""
    return (value or "").strip()


def to_ascii_digits(value: str | None) -> str:
    """A number as typed in any script, without the blanks in between; a minus stays, as it makes another number."""
    return "".join(str(unicodedata.digit(each, each)) for each in value or "" if not each.isspace())


def to_ascii_code(value: str | None) -> str:
    """The digits of a code as typed in any script, without the blanks and dashes in between."""
    return to_ascii_digits(value).replace("-", "").replace("\u2013", "")


def max_length(most: int) -> Length:
    return Length(max=most, message=_l("Use at most %(max)d characters."))


def text_field(label: str, most: int, *validators: Any) -> StringField:
    return StringField(label, [*validators, max_length(most)], [strip_text])


class LoginForm(FlaskForm):
    """The address that a customer signs in with."""

    email = text_field(_l("Email address"), 254, DataRequired(_l("Enter your email address.")))

    def validate_email(self, field: Field) -> None:
        """The address in normal form, or what an address looks like."""
        try:
            field.data = email_address(field.data)
        except ValueError:
            raise ValidationError(_("Write the address like name@example.com.")) from None


class EmailForm(LoginForm):
    """The new address of an email change."""

    email = text_field(_l("New email address"), 254, DataRequired(_l("Enter your new email address.")))


class CodeForm(FlaskForm):
    """The code that proves an address."""

    code = StringField(
        _l("Code"),
        [
            DataRequired(_l("Enter the code from the mail.")),
            Regexp(r"[0-9]{8}\Z", message=_l("The code has 8 digits.")),
        ],
        [to_ascii_code],
    )

    def show_wrong_code(self, left: int) -> None:
        """Say at the field that the code is wrong, and how many tries are left."""
        if left:
            words = ngettext(
                "That is not the code. You have %(num)s try left.",
                "That is not the code. You have %(num)s tries left.",
                left,
            )
        else:
            words = _("That is not the code, and it doesn't work any more. Ask for a new one.")
        self.code.errors = [words]


class TaxIdForm(FlaskForm):
    """A tax ID of one country: its kind, where there are several, and the number."""

    type = RadioField(_l("What kind of tax ID is it?"), [InputRequired(_l("Choose the kind of tax ID."))])
    value = text_field(_l("Number"), tax_ids.LONGEST_INPUT, DataRequired(_l("Enter the number.")))

    @classmethod
    def for_country(cls, country: str) -> TaxIdForm:
        """The form for a country that has tax IDs."""
        form = cls()
        form.type.choices = [
            (kind.type, _kind_and_example(kind.type, country)) for kind in tax_ids.types_for_country(country)
        ]
        return form


def _kind_and_example(type: str, country: str) -> str:
    example = tax_ids.example_value(type, country)
    kind = i18n.isolate_text(number_name(type, example))
    words: str = _("%(kind)s, such as %(example)s", kind=kind, example=i18n.isolate_text(example))
    return words
