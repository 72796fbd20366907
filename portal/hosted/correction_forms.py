"""The form of a correction: what an invoice says of its buyer, as far as customers may change it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FormField, HiddenField
from wtforms.validators import DataRequired

from portal import i18n
from portal.billing.customer_portal.invoice_corrections import PrintedBuyer
from portal.hosted.detail_forms import AddressForm
from portal.hosted.forms import text_field
from portal.hosted.languages import locale
from portal.rules import corrections, tax_ids

_POSTAL = ("line1", "line2", "postal_code", "city", "state", "country")


class CorrectionForm(FlaskForm):
    """The fields that can be corrected, and the revision of the invoice that was shown."""

    revision = HiddenField()
    name = text_field(_l("Name or company"), 256, DataRequired(_l("Enter your name or the name of your company.")))
    address = FormField(AddressForm)
    tax_id = text_field(_l("Tax ID"), tax_ids.LONGEST_INPUT)
    purchase_order = text_field(_l("Purchase order"), 140)
    printed: PrintedBuyer

    @classmethod
    def for_buyer(cls, printed: PrintedBuyer, fields: Collection[str]) -> CorrectionForm:
        """The form with what is printed now, replaced by what was posted."""
        form = cls(
            data={
                "name": printed.name,
                "address": printed.address,
                "tax_id": (printed.tax_id or {}).get("value"),
                "purchase_order": printed.purchase_order,
            }
        )
        form.printed = printed
        for name in set(corrections.FIELDS) - set(fields):
            del form[name]
        if "address" in form:
            country = printed.country or ""
            form.address.form.country.choices = [(country, i18n.country_name(country, locale()))]
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself; then a changed address as a whole, and the form of a changed tax ID."""
        super().validate(extra_validators)
        changes = self.changes
        if "address" in changes:
            self.address.form.check_complete()
        if changes.get("tax_id") and not changes["tax_id"]["type"]:
            self.tax_id.errors = [self._wrong_number_text]
        if not changes and not self.errors:
            self.form_errors.append(_("Nothing is changed yet."))
        return not self.errors

    @property
    def shown_fields(self) -> list[str]:
        """The fields of this form, in their order."""
        return [name for name in corrections.FIELDS if name in self]

    @property
    def changes(self) -> dict[str, Any]:
        """The parameters of `CorrectInvoice` for what was changed."""
        found: dict[str, Any] = {}
        for name in self.shown_fields:
            if name == "address":
                found |= self._changed_address
            elif (self[name].data or "") != (self[name].object_data or ""):
                found[name] = self[name].data
        if found.get("tax_id"):
            found["tax_id"] = {"type": self._tax_id_type or "", "value": found["tax_id"]}
        return found

    @property
    def _changed_address(self) -> dict[str, Any]:
        postal = self.address.form.postal
        before = {part: self.printed.address.get(part) or "" for part in _POSTAL}
        return {} if postal == before else {"address": postal}

    @property
    def _tax_id_type(self) -> str | None:
        """The type of what was typed: that of the one printed now, else the first of the country that it can be."""
        country = self.printed.country or ""
        types = [(self.printed.tax_id or {}).get("type"), *(kind.type for kind in tax_ids.types_for_country(country))]
        return next((type for type in types if type and tax_ids.normalize_value(type, self.tax_id.data)), None)

    @property
    def _wrong_number_text(self) -> str:
        types = tax_ids.types_for_country(self.printed.country or "")
        if not types:
            return str(_("This is not a tax ID."))
        example = tax_ids.example_value(types[0].type, self.printed.country)
        words: str = _("Check the number: a tax ID looks like %(example)s.", example=i18n.isolate_text(example))
        return words
