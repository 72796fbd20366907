"""The form of a checkout page: how many, a promotion code, who buys, and how it is paid."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FormField, HiddenField, RadioField, StringField
from wtforms.validators import DataRequired, Regexp, ValidationError

from portal import i18n
from portal.billing.checkout import custom_fields, line_items
from portal.billing.checkout.buyers import Buyer
from portal.hosted import checkout_fields, checkout_shipping, checkout_tax_ids
from portal.hosted.checkout_offers import CheckoutOffer
from portal.hosted.detail_forms import AddressForm, ShippingForm
from portal.hosted.forms import strip_text, text_field, to_ascii_digits
from portal.hosted.ways_form import WaysForm
from portal.wire.texts import email_address

_MOST_DIGITS = 9
#: The fields that not each session asks for.
_OPTIONAL = frozenset(
    {
        "address",
        "agree",
        "business_name",
        "individual_name",
        "promotions",
        "card",
        "code",
        "email",
        "holder",
        "iban",
        "keep",
        "name",
        "phone",
        "same",
        "shipping",
        "shipping_rate",
        "tax_id",
        "terms",
        "way",
    }
)

#: What is typed as it is, by the names that it has of a buyer.
_NAMES = ("email", "name", "business_name", "individual_name", "phone")


def _part(name: str) -> int:
    """In which part of the page a field stands, so that what is wrong is listed from its top to its end."""
    if name.startswith(("quantity_", "add_", "shipping_rate", "code")):
        return 0
    if name.startswith("field_"):
        return 2
    return 4 if name in {"promotions", "terms"} else 3 if hasattr(WaysForm, name) else 1


class CheckoutForm(WaysForm):
    """All that a session may ask for; `for_offer` drops what this one doesn't."""

    shipping_rate = RadioField(_l("How is it sent?"), [DataRequired(_l("Choose how it is sent."))])
    code = text_field(_l("Promotion code"), 500)
    email = text_field(_l("Email address"), 254, DataRequired(_l("Enter your email address.")))
    name = text_field(_l("Name or company"), 256, DataRequired(_l("Enter your name or the name of your company.")))
    business_name = text_field(_l("Company"), 150)
    individual_name = text_field(_l("Your name"), 150)
    phone = text_field(
        _l("Phone"),
        20,
        DataRequired(_l("Enter your phone number.")),
        Regexp(r"[+0-9()./ -]*\Z", message=_l("Use only digits, blanks and the characters + ( ) . / -")),
    )
    address = FormField(AddressForm)
    tax_id = text_field(_l("Tax ID"), checkout_tax_ids.LONGEST_INPUT)
    same = BooleanField(_l("Same as the billing address"))
    shipping = FormField(ShippingForm)
    promotions = BooleanField(_l("Send me news and offers by email."))
    terms = BooleanField(_l("I agree to the terms."), [DataRequired(_l("Tick the box to agree to the terms."))])
    amount = HiddenField()
    offer: CheckoutOffer
    own_fields: list[dict[str, Any]]

    @classmethod
    def for_offer(cls, offer: CheckoutOffer) -> CheckoutForm:
        """The form of an offer, with what is known already, replaced by what was posted."""
        lines = offer.session.lines if offer.order is None else []
        quantities = {
            f"quantity_{at}": StringField(_("Quantity"), filters=[to_ascii_digits])
            for at, line in enumerate(lines)
            if line_items.bounds(line) and line in line_items.list_ordered(lines)
        }
        choices = {
            f"add_{at}": BooleanField(i18n.isolate_text(line["description"]))
            for at, line in enumerate(lines)
            if line_items.is_optional(line)
        }
        asked = custom_fields.list_of(offer.session.settings) if offer.order is None else []
        added = {**quantities, **choices, **checkout_fields.build(asked)}
        sent = checkout_shipping.list_known(offer.session, offer.customer)
        known = {**checkout_fields.list_known(asked), **sent, **offer.known}
        form: CheckoutForm = type("OfferForm", (cls,), added)(data=known)
        form.offer, form.own_fields = offer, asked
        form.offer_ways(offer.kept, [way.type for way in offer.ways])
        for name in _OPTIONAL - offer.asked:
            del form[name]
        checkout_shipping.offer_choices(form._fields, offer.session)
        form._fields = dict(sorted(form._fields.items(), key=lambda named: _part(named[0])))
        return form

    @property
    def quantity_names(self) -> list[str]:
        """The names of the fields for quantities."""
        return [name for name in self._fields if name.startswith("quantity_")]

    def read_quantities(self) -> dict[str, int]:
        """How many are wanted, by the ids of lines; puts an error at each field that says no number in its bounds."""
        found = {}
        for at, line in enumerate(self.offer.session.lines):
            field, choice = self._fields.get(f"quantity_{at}"), self._fields.get(f"add_{at}")
            if choice is not None and not choice.data:
                found[line["id"]] = 0
                continue
            if choice is not None and not line["quantity"]:
                found[line["id"]] = line["optional"]
            if field is None:
                continue
            least, most = line_items.bounds(line) or (0, 0)
            typed = field.data or ""
            if not typed.isdecimal() or len(typed) > _MOST_DIGITS or not least <= int(typed) <= most:
                field.errors = [_("Enter a number from %(least)s to %(most)s.", least=least, most=most)]
            else:
                found[line["id"]] = int(typed)
        return found

    @property
    def choices(self) -> list[tuple[Field, dict[str, Any]]]:
        """What may be added: the box to tick, and the line."""
        lines = enumerate(self.offer.session.lines)
        return [(self._fields[f"add_{at}"], line) for at, line in lines if f"add_{at}" in self._fields]

    def show_choices(self) -> None:
        """Tick what is in the order, whatever was ticked before."""
        for field, line in self.choices:
            field.data = bool(line["quantity"])

    @property
    def chosen(self) -> str | None:
        """How it is paid: by a way or by the id of a kept method, the chosen one or the only one."""
        found: str | None = self.way.data if "way" in self else self.offer.known["way"]
        return found

    @property
    def shown(self) -> int:
        """The amount that the page has shown; -1 for none."""
        text = self.amount.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1

    def check(self) -> bool:
        """Whether all that is asked for was typed, and makes sense together."""
        errors = dict(self.errors)
        self.validate()
        needs_address = self.offer.needs_address or self._tax_id or ("same" in self and self.same.data)
        if "address" in self and (self.address.is_filled or needs_address):
            self.address.form.check_complete()
        for name, words in (
            ("business_name", _("Enter the name of your company.")),
            ("individual_name", _("Enter your name.")),
        ):
            if name in self and not self[name].data and not self.offer.is_optional(name):
                self[name].errors = [words]
        if self._tax_id and self.buyer.tax_id is None:
            self.tax_id.errors = [checkout_tax_ids.explain(self.address.country.data)]
        checkout_fields.read(self.own_fields, self._fields)
        checkout_shipping.check(self._fields, self._billing, self.offer.session)
        self.check_way(self.chosen, self.account_holder)
        for name, found in errors.items():
            if name and not self[name].errors:
                self[name].errors = found
        return not self.errors

    def validate_email(self, field: Field) -> None:
        """The address in normal form, or what an address looks like."""
        try:
            field.data = email_address(field.data)
        except ValueError:
            raise ValidationError(_("Write the address like name@example.com.")) from None

    @property
    def buyer(self) -> Buyer:
        """Who buys, as far as it was asked for."""
        address = self._billing
        country = address.country.data if address is not None else None
        typed: dict[str, Any] = {name: strip_text(self[name].data) or None for name in _NAMES if name in self}
        if "name" not in self and not self.offer.known["name"]:
            typed["name"] = typed.get("business_name") or typed.get("individual_name")
        return Buyer(
            **{"email": self.offer.session.customer_email, **typed},
            promotions=self.promotions.data if "promotions" in self else None,
            address=address.postal if address is not None and address.is_filled else None,
            tax_id=checkout_tax_ids.find(country, self._tax_id) if self._tax_id else None,
            locale=self.offer.language,
            shipping=checkout_shipping.read(self._fields, address, self.buyer_name),
            answers=checkout_fields.read(self.own_fields, self._fields),
        )

    @property
    def _billing(self) -> AddressForm | None:
        return self.address.form if "address" in self else None

    @property
    def buyer_name(self) -> str | None:
        """Who buys: whoever was typed, else the customer that is known."""
        typed = (self[name].data for name in ("name", "business_name", "individual_name") if name in self)
        found: str | None = next((each for each in typed if each), None) or self.offer.known.get("name")
        return found

    @property
    def account_holder(self) -> str | None:
        """Whose account is debited: whoever was typed, else who buys."""
        typed: str | None = self.holder.data if "holder" in self else None
        return typed or self.buyer_name

    @property
    def _tax_id(self) -> str:
        return self.tax_id.data or "" if "tax_id" in self else ""

    def show_error(self, param: str | None, words: str) -> None:
        """Put `words` at the field that a use case's error is about, else above the form."""
        names = {"discounts": "code", "promotion_code": "code", "tax_id_data": "tax_id", "value": "tax_id", "id": "way"}
        first = (param or "").partition("[")[0]
        name = names.get(first, first)
        if name in self and not isinstance(self[name], FormField):
            self[name].errors = [words]
        else:
            self.form_errors.append(words)
