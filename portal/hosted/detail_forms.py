"""The forms of the billing information: name, phone, address, shipping and order number, each on a page of its own."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, Form, FormField, HiddenField, SelectField
from wtforms.validators import DataRequired, Regexp

from portal import i18n
from portal.errors import InvalidRequest
from portal.hosted import purchase_orders
from portal.hosted.forms import text_field
from portal.hosted.languages import LANGUAGE_CHOICES, language_tag, locale
from portal.models import Customer
from portal.rules.postal_codes import needs_postal_code

#: The parts that have a form each, in the order they are shown.
DETAIL_FIELDS = (
    "name",
    "business_name",
    "individual_name",
    "phone",
    "address",
    "shipping",
    "purchase_order",
    "preferred_locales",
)


class RecipientForm(Form):
    """Who receives goods."""

    name = text_field(_l("Name"), 256)
    phone = text_field(_l("Phone"), 20)


class AddressForm(Form):
    """A postal address; once any field is filled, the first line and the country are required.

    A postal code that the country's addresses have is asked for once; who leaves it empty again has none.
    """

    line1 = text_field(_l("Address"), 500)
    line2 = text_field(_l("Apartment, suite or floor"), 500)
    postal_code = text_field(_l("Postal code"), 50)
    city = text_field(_l("City"), 250)
    state = text_field(_l("State, province or county"), 250)
    country = SelectField(_l("Country"), validate_choice=False)
    without_code = HiddenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.country.choices = [("", _("Choose a country")), *i18n.list_countries(locale())]

    @property
    def is_filled(self) -> bool:
        """Whether anything was typed or chosen."""
        return any(value for name, value in self.data.items() if name != "without_code")

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
        if not self.errors and self._lacks_postal_code:
            country = i18n.country_name(self.country.data, locale())
            self.postal_code.errors = [
                _("Addresses in %(country)s have a postal code. If yours has none, save once more.", country=country)
            ]
            # the answer to this question, which the form shown again carries
            self.without_code.data = self.country.data
        return not self.errors

    @property
    def _lacks_postal_code(self) -> bool:
        told = self.without_code.data == self.country.data
        return not self.postal_code.data and needs_postal_code(self.country.data) and not told


class ShippingForm(RecipientForm, AddressForm):
    """The address that goods are sent to, and who receives them."""

    def check_complete(self) -> bool:
        """As for an address; the name is required as well."""
        if not self.name.data:
            self.name.errors = [_("Enter the name of the person who receives it.")]
        return super().check_complete()


class DetailsForm(FlaskForm):
    """The form of one part: one of the names, phone, address or shipping."""

    name = text_field(_l("Name or company"), 256, DataRequired(_l("Enter your name or the name of your company.")))
    business_name = text_field(_l("Company"), 150)
    individual_name = text_field(_l("Contact person"), 150)
    phone = text_field(
        _l("Phone"),
        20,
        Regexp(r"[+0-9()./ -]*\Z", message=_l("Use only digits, blanks and the characters + ( ) . / -")),
    )
    purchase_order = text_field(_l("Purchase order"), 140)
    preferred_locales = SelectField(_l("Language"))
    same = BooleanField(_l("Same as the billing address"))
    address = FormField(AddressForm)
    shipping = FormField(ShippingForm)
    billing: dict[str, Any] | None
    part: str
    customer: Customer

    @classmethod
    def for_customer(cls, customer: Customer, part: str) -> DetailsForm:
        """The form of a part with the stored values, replaced by what was posted."""
        shipping = customer.shipping or {}
        form = cls(
            data={
                "name": customer.name,
                "business_name": customer.business_name,
                "individual_name": customer.individual_name,
                "phone": customer.phone,
                "purchase_order": purchase_orders.find_order(customer),
                "preferred_locales": _preferred_language(customer) or language_tag(),
                "address": customer.address or {},
                "shipping": {
                    **(shipping.get("address") or {}),
                    "name": shipping.get("name"),
                    "phone": shipping.get("phone"),
                },
            }
        )
        form.preferred_locales.choices = LANGUAGE_CHOICES
        form.customer = customer
        form.part, form.billing = part, _shipping_to_billing(customer) if part == "shipping" else None
        for name in set(DETAIL_FIELDS) - {part}:
            del form[name]
        if form.billing is None:
            del form.same
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself, then the address as a whole; what stands as it is stored is never wrong."""
        super().validate(extra_validators)
        if not self.is_changed or self._is_same:
            _drop_errors(self[self.part])
        elif self.part in {"address", "shipping"} and (self[self.part].is_filled or self._must_not_be_cleared):
            self[self.part].check_complete()
        return not self.errors

    @property
    def is_changed(self) -> bool:
        """Whether the form says other than what is stored."""
        field = self[self.part]
        if not isinstance(field, FormField):
            return (field.data or "") != (field.object_data or "")
        stored = field.object_data
        parts = ((key, part) for key, part in field.form._fields.items() if key != "without_code")
        return any((part.data or "") != (stored.get(key) or "") for key, part in parts)

    @property
    def update_params(self) -> dict[str, Any]:
        """The parameters of `UpdateCustomer` for what was changed."""
        if self._is_same:
            return {"shipping": self.billing}
        if not self.is_changed:
            return {}
        if not isinstance(self[self.part], FormField):
            return self._simple_params
        form = self[self.part].form
        if not form.is_filled:
            return {self.part: ""}
        if self.part == "address":
            return {"address": form.postal}
        return {"shipping": {"name": form["name"].data, "phone": form["phone"].data, "address": form.postal}}

    @property
    def _simple_params(self) -> dict[str, Any]:
        typed = self[self.part].data
        if self.part == "purchase_order":
            return purchase_orders.order_params(self.customer, typed)
        return {self.part: [typed] if self.part == "preferred_locales" else typed}

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

    @property
    def _is_same(self) -> bool:
        return "same" in self and bool(self.same.data)

    @property
    def _must_not_be_cleared(self) -> bool:
        # bills need the address once it is known; shipping can be dropped
        return self.part == "address" and any(self.address.object_data.values())


def language_name(customer: Customer) -> str | None:
    """The language that the customer is written to in, in its own words, where one is known."""
    return dict(LANGUAGE_CHOICES).get(_preferred_language(customer) or "")


def _preferred_language(customer: Customer) -> str | None:
    known = (i18n.cldr_identifier(tag) for tag in customer.preferred_locales)
    found = next((each for each in known if each), None)
    return i18n.html_lang(i18n.catalogue_language(found)) if found else None


def _shipping_to_billing(customer: Customer) -> dict[str, Any] | None:
    """Shipping to the billing address, as parameters of a command; None where that is not complete."""
    address = customer.address or {}
    if not (customer.name and address.get("line1") and address.get("country")):
        return None
    postal = {part: value or "" for part, value in address.items()}
    return {"name": customer.name, "phone": customer.phone or "", "address": postal}


def _drop_errors(field: Field) -> None:
    parts = field.form._fields.values() if isinstance(field, FormField) else [field]
    for part in parts:
        part.errors = []
