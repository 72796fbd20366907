"""The form of a checkout page: how many, a promotion code, who buys, and how it is paid."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FormField, HiddenField, StringField
from wtforms.validators import DataRequired, Regexp, ValidationError

from portal import i18n
from portal.billing.checkout import custom_fields, line_items
from portal.billing.checkout.buyers import Buyer
from portal.hosted import checkout_fields, checkout_tax_ids
from portal.hosted.checkout_offers import CheckoutOffer
from portal.hosted.detail_forms import AddressForm
from portal.hosted.forms import strip_text, text_field, to_ascii_digits
from portal.hosted.ways_form import WaysForm
from portal.wire.texts import email_address

#: The fields that not each session asks for.
_OPTIONAL = frozenset(
    {"address", "agree", "card", "code", "email", "holder", "iban", "keep", "name", "phone", "tax_id", "terms", "way"}
)


class CheckoutForm(WaysForm):
    """All that a session may ask for; `for_offer` drops what this one doesn't."""

    code = text_field(_l("Promotion code"), 500)
    email = text_field(_l("Email address"), 254, DataRequired(_l("Enter your email address.")))
    name = text_field(_l("Name or company"), 256, DataRequired(_l("Enter your name or the name of your company.")))
    phone = text_field(
        _l("Phone"),
        20,
        DataRequired(_l("Enter your phone number.")),
        Regexp(r"[+0-9()./ -]*\Z", message=_l("Use only digits, blanks and the characters + ( ) . / -")),
    )
    address = FormField(AddressForm)
    tax_id = text_field(_l("Tax ID"), checkout_tax_ids.LONGEST_INPUT)
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
        form: CheckoutForm = type("OfferForm", (cls,), added)(data={**checkout_fields.known(asked), **offer.known})
        form.offer, form.own_fields = offer, asked
        form.offer_ways(offer.kept, [way.type for way in offer.ways])
        for name in _OPTIONAL - offer.asked:
            del form[name]
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
            if not (field.data or "").isdecimal() or not least <= int(field.data) <= most:
                field.errors = [_("Enter a number from %(least)s to %(most)s.", least=least, most=most)]
            else:
                found[line["id"]] = int(field.data)
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
        if "address" in self and (self.address.is_filled or self.offer.needs_address or self._tax_id):
            self.address.form.check_complete()
        if self._tax_id and self.buyer.tax_id is None:
            self.tax_id.errors = [checkout_tax_ids.explain(self.address.country.data)]
        checkout_fields.read(self.own_fields, self._fields)
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
        address = self.address.form if "address" in self else None
        country = address.country.data if address is not None else None
        typed = {name: strip_text(self[name].data) or None for name in ("email", "name", "phone") if name in self}
        return Buyer(
            **{"email": self.offer.session.customer_email, **typed},
            address=address.postal if address is not None and address.is_filled else None,
            tax_id=checkout_tax_ids.find(country, self._tax_id) if self._tax_id else None,
            locale=self.offer.language,
            answers=checkout_fields.read(self.own_fields, self._fields),
        )

    @property
    def account_holder(self) -> str | None:
        """Whose account is debited: whoever was typed, else who buys."""
        typed = self.holder.data if "holder" in self else None
        found: str | None = typed or ("name" in self and self.name.data) or self.offer.known.get("name")
        return found

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
