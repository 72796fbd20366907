"""The forms of the customer's pages: their fields, limits and error texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, FormField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from portal import i18n
from portal.errors import InvalidRequest
from portal.hosted.languages import locale
from portal.models import Customer, FeedbackOption
from portal.rules import permissions, tax_ids
from portal.wire.texts import email_address

#: The parts of `/details/edit`, in the order they are asked.
DETAIL_FIELDS = ("name", "phone", "address", "shipping")
MOST_COMMENT_CHARACTERS = 500


def strip_text(value: str | None) -> str:
    """Text without white space around it; the empty text where nothing was typed."""
    return (value or "").strip()


def to_ascii_digits(value: str | None) -> str:
    """A number as typed in any script, without the blanks and dashes in between."""
    kept = (each for each in value or "" if not each.isspace() and each not in "-\u2013")
    return "".join(str(unicodedata.digit(each, each)) for each in kept)


def _max_length(most: int) -> Length:
    return Length(max=most, message=_l("Use at most %(max)d characters."))


def _text_field(label: str, most: int, *validators: Any) -> StringField:
    return StringField(label, [*validators, _max_length(most)], [strip_text])


class RecipientForm(Form):
    """Who receives goods."""

    name = _text_field(_l("Name"), 256)
    phone = _text_field(_l("Phone"), 20)


class AddressForm(Form):
    """A postal address; once any field is filled, the first line and the country are required."""

    line1 = _text_field(_l("Address"), 500)
    line2 = _text_field(_l("Apartment, suite or floor"), 500)
    postal_code = _text_field(_l("Postal code"), 50)
    city = _text_field(_l("City"), 250)
    state = _text_field(_l("State, province or county"), 250)
    country = SelectField(_l("Country"), validate_choice=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.country.choices = [("", _("Choose a country")), *i18n.list_countries(locale())]

    @property
    def is_filled(self) -> bool:
        """Whether anything was typed or chosen."""
        return any(self.data.values())

    @property
    def postal(self) -> dict[str, str]:
        """The address as parameters of a command."""
        return {part: self[part].data or "" for part in ("line1", "line2", "postal_code", "city", "state", "country")}

    def check_complete(self) -> bool:
        """Whether the required fields are filled; puts an error at each that is not."""
        if not self.line1.data:
            self.line1.errors = [_("Enter the address.")]
        if self.country.data not in dict(self.country.choices) or not self.country.data:
            self.country.errors = [_("Choose a country.")]
        return not self.errors


class ShippingForm(RecipientForm, AddressForm):
    """The address that goods are sent to, and who receives them."""

    def check_complete(self) -> bool:
        """As for an address; the name is required as well."""
        if not self.name.data:
            self.name.errors = [_("Enter the name of the person who receives it.")]
        return super().check_complete()


class DetailsForm(FlaskForm):
    """The form for name, phone, address and shipping, with the fields that the configuration allows."""

    name = _text_field(_l("Name or company"), 256, DataRequired(_l("Enter your name or the name of your company.")))
    phone = _text_field(
        _l("Phone"),
        20,
        Regexp(r"[+0-9()./ -]*\Z", message=_l("Use only digits, blanks and the characters + ( ) . / -")),
    )
    address = FormField(AddressForm)
    shipping = FormField(ShippingForm)

    @classmethod
    def for_customer(cls, customer: Customer, features: Mapping[str, Any]) -> DetailsForm:
        """The form with the stored values, replaced by what was posted."""
        shipping = customer.shipping or {}
        form = cls(
            data={
                "name": customer.name,
                "phone": customer.phone,
                "address": customer.address or {},
                "shipping": {
                    **(shipping.get("address") or {}),
                    "name": shipping.get("name"),
                    "phone": shipping.get("phone"),
                },
            }
        )
        for name in DETAIL_FIELDS:
            if not permissions.may_update(features, name):
                del form[name]
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself, then the addresses as a whole."""
        good = super().validate(extra_validators)
        for name in ("address", "shipping"):
            if name in self and (self[name].is_filled or self._must_not_be_cleared(name)):
                good = self[name].check_complete() and good
        return bool(good)

    @property
    def update_params(self) -> dict[str, Any]:
        """The parameters of `UpdateCustomer` for the fields that are there."""
        values: dict[str, Any] = {name: self[name].data for name in ("name", "phone") if name in self}
        if "address" in self:
            values["address"] = self.address.postal if self.address.is_filled else ""
        if "shipping" in self:
            to = self.shipping
            values["shipping"] = (
                {"name": to["name"].data, "phone": to["phone"].data, "address": to.postal} if to.is_filled else ""
            )
        return values

    def show_error_at_field(self, error: InvalidRequest, words: str) -> None:
        """Put `words` at the field that a use case's error names by its `param`, else above the form."""
        found: Any = self
        for part in re.findall(r"[^\[\]]+", error.param or ""):
            inside = found.form if isinstance(found, FormField) else found
            found = inside[part] if isinstance(inside, Form) and part in inside else found
        if isinstance(found, Field) and not isinstance(found, FormField):
            found.errors = [words]
        else:
            self.form_errors.append(words)

    def _must_not_be_cleared(self, name: str) -> bool:
        # bills need the address once it is known; shipping can be dropped
        return name == "address" and any(self.address.object_data.values())


class LoginForm(FlaskForm):
    """The address that a customer signs in with."""

    email = _text_field(_l("Email address"), 254, DataRequired(_l("Enter your email address.")))

    def validate_email(self, field: Field) -> None:
        """The address in normal form, or what an address looks like."""
        try:
            field.data = email_address(field.data)
        except ValueError:
            raise ValidationError(_("Write the address like name@example.com.")) from None


class EmailForm(LoginForm):
    """The new address of an email change."""

    email = _text_field(_l("New email address"), 254, DataRequired(_l("Enter your new email address.")))


class CodeForm(FlaskForm):
    """The code that proves an address."""

    code = StringField(
        _l("Code"),
        [
            DataRequired(_l("Enter the code from the mail.")),
            Regexp(r"[0-9]{8}\Z", message=_l("The code has 8 digits.")),
        ],
        [to_ascii_digits],
    )


class TaxIdForm(FlaskForm):
    """A tax ID of one country: its kind, where there are several, and the number."""

    type = RadioField(_l("What kind of tax ID is it?"), [InputRequired(_l("Choose the kind of tax ID."))])
    value = _text_field(_l("Number"), tax_ids.LONGEST_INPUT, DataRequired(_l("Enter the number.")))

    @classmethod
    def for_country(cls, country: str) -> TaxIdForm:
        """The form for a country that has tax IDs."""
        form = cls()
        form.type.choices = [
            (kind.type, _kind_and_example(kind.type, country)) for kind in tax_ids.types_for_country(country)
        ]
        return form


def _kind_and_example(type: str, country: str) -> str:
    example = i18n.isolate_text(tax_ids.example_value(type, country))
    words: str = _("%(kind)s, such as %(example)s", kind=i18n.isolate_text(tax_ids.type_label(type)), example=example)
    return words


class CancelForm(FlaskForm):
    """The reason for canceling, where it is asked, and the revision of the subscription that was shown."""

    revision = HiddenField()
    reason = RadioField(_l("Why are you leaving?"), [Optional()])
    own: set[str]
    comment = TextAreaField(_l("Would you like to say more?"), [_max_length(MOST_COMMENT_CHARACTERS)], [strip_text])

    @classmethod
    def with_reasons(cls, features: Mapping[str, Any], own: Sequence[FeedbackOption]) -> CancelForm:
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

    @property
    def cancellation_details(self) -> dict[str, str]:
        """The parameters of `cancellation_details` that were answered."""
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
