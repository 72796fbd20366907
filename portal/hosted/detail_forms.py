"""The form of the billing information: name, phone, address and shipping, as far as each may be edited."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, FormField, SelectField
from wtforms.validators import DataRequired, Regexp

from portal import i18n
from portal.errors import InvalidRequest
from portal.hosted.forms import text_field
from portal.hosted.languages import locale
from portal.models import Customer
from portal.rules import permissions

#: The parts of `/details/edit`, in the order they are asked.
DETAIL_FIELDS = ("name", "phone", "address", "shipping")


class RecipientForm(Form):
    """Who receives goods."""

    name = text_field(_l("Name"), 256)
    phone = text_field(_l("Phone"), 20)


class AddressForm(Form):
    """A postal address; once any field is filled, the first line and the country are required."""

    line1 = text_field(_l("Address"), 500)
    line2 = text_field(_l("Apartment, suite or floor"), 500)
    postal_code = text_field(_l("Postal code"), 50)
    city = text_field(_l("City"), 250)
    state = text_field(_l("State, province or county"), 250)
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

    name = text_field(_l("Name or company"), 256, DataRequired(_l("Enter your name or the name of your company.")))
    phone = text_field(
        _l("Phone"),
        20,
        Regexp(r"[+0-9()./ -]*\Z", message=_l("Use only digits, blanks and the characters + ( ) . / -")),
    )
    address = FormField(AddressForm)
    shipping = FormField(ShippingForm)

    @classmethod
    def for_customer(cls, customer: Customer, features: permissions.Features) -> DetailsForm:
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
        """What was changed: each field by itself, then the addresses as a whole.

        What stands as it is stored keeps nobody from changing something else, however incomplete it is.
        """
        super().validate(extra_validators)
        for name in set(DETAIL_FIELDS) & set(self._fields):
            if not self.is_changed(name):
                _drop_errors(self[name])
            elif name in {"address", "shipping"} and (self[name].is_filled or self._must_not_be_cleared(name)):
                self[name].check_complete()
        return not self.errors

    def is_changed(self, name: str) -> bool:
        """Whether a part of the form says other than what is stored."""
        field = self[name]
        if not isinstance(field, FormField):
            return (field.data or "") != (field.object_data or "")
        stored = field.object_data
        return any((part.data or "") != (stored.get(key) or "") for key, part in field.form._fields.items())

    @property
    def update_params(self) -> dict[str, Any]:
        """The parameters of `UpdateCustomer` for what was changed."""
        changed = {name for name in DETAIL_FIELDS if name in self and self.is_changed(name)}
        values: dict[str, Any] = {name: self[name].data for name in ("name", "phone") if name in changed}
        if "address" in changed:
            values["address"] = self.address.postal if self.address.is_filled else ""
        if "shipping" in changed:
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


def _drop_errors(field: Field) -> None:
    parts = field.form._fields.values() if isinstance(field, FormField) else [field]
    for part in parts:
        part.errors = []
