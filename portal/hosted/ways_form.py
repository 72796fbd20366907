"""The part of a form that says how something is paid: by what is kept, by an account with its mandate, or by a card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField
from wtforms.validators import DataRequired

from portal.billing.payment_methods.chosen import Payment
from portal.billing.payment_methods.mandates import Consent
from portal.hosted.account_form import LONGEST_HOLDER, account_command, explain_iban
from portal.hosted.card_form import list_cards
from portal.hosted.forms import text_field
from portal.hosted.method_names import name_method, name_way
from portal.models import PaymentMethod
from portal.providers.interface import GivenMethod


class WaysForm(FlaskForm):
    """How it is paid; a form drops the fields of what its offer doesn't have."""

    class Meta:
        csrf = False

    way = RadioField(_l("How do you want to pay?"), [DataRequired(_l("Choose how you pay."))])
    card = RadioField(_l("Which card?"), validate_choice=False)
    keep = BooleanField(_l("Keep this card for later payments."))
    holder = text_field(_l("Account holder"), LONGEST_HOLDER)
    iban = text_field(_l("IBAN"), 60)
    agree = BooleanField(_l("I agree to this mandate."))

    def offer_ways(self, kept: Iterable[PaymentMethod], types: Iterable[str]) -> None:
        """Let the customer choose from what is kept, and from these types of ways."""
        known = [(method.id, name_method(method)) for method in kept]
        self.way.choices = known + [(type, name_way(type, is_other=bool(known))) for type in types]
        self.card.choices = list_cards()
        self.card.data = self.card.data or self.card.choices[0][0]

    def check_way(self, chosen: str | None, holder: str | None) -> None:
        """Put an error at each field that the chosen way needs and that is not right; `holder` is who it would be."""
        if chosen == "card" and "card" in self and self.card.data not in {token for token, _name in self.card.choices}:
            self.card.errors = [_("Choose a card.")]
        if chosen != "sepa_debit" or "iban" not in self:
            return
        if mistake := explain_iban(self.iban.data):
            self.iban.errors = [mistake if self.iban.data else _("Enter the IBAN.")]
        if not self.agree.data:
            self.agree.errors = [_("Tick the box to agree to the mandate.")]
        if not holder:
            self.holder.errors = [_("Enter the name of the account holder.")]

    def read_payment(
        self, chosen: str | None, kept: Sequence[PaymentMethod], holder: str | None, consent: Consent | None
    ) -> Payment:
        """What was chosen; a transfer where it is nothing that is charged."""
        if chosen in {each.id for each in kept}:
            return Payment(kept=chosen)
        if chosen == "card":
            return self._read_card()
        if chosen != "sepa_debit" or consent is None:
            return Payment()
        return Payment(account=account_command(self.iban.data, holder), consent=consent)

    def _read_card(self) -> Payment:
        """A card that was chosen here; else one that is given on the provider's page."""
        if "card" in self:
            return Payment(card=GivenMethod(self.card.data))
        return Payment(elsewhere=True, keeps="keep" in self and self.keep.data)
