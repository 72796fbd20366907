"""The form for a bank account, with the consent to its mandate."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import DataRequired, ValidationError

from portal.billing.payment_methods.params import CreatePaymentMethod
from portal.hosted.forms import text_field
from portal.rules import sepa
from portal.wire.commands import parse_command

LONGEST_HOLDER = 70


class AccountForm(FlaskForm):
    """A bank account, and the customer's consent to the mandate with this reference."""

    name = text_field(_l("Account holder"), LONGEST_HOLDER, DataRequired(_l("Enter the name of the account holder.")))
    iban = text_field(_l("IBAN"), 60, DataRequired(_l("Enter the IBAN.")))
    agree = BooleanField(_l("I agree to this mandate."), [DataRequired(_l("Tick the box to agree to the mandate."))])
    reference = HiddenField()

    def command(self) -> CreatePaymentMethod:
        """The command that makes a payment method of what was typed."""
        return account_command(self.iban.data, self.name.data)

    def validate_iban(self, field: Field) -> None:
        """Say in the language of the page what is wrong with the number."""
        if mistake := explain_iban(field.data):
            raise ValidationError(mistake)


def account_command(iban: str, holder: str | None) -> CreatePaymentMethod:
    """The command that makes a payment method of an account number and the name of its holder."""
    sent = {"type": "sepa_debit", "sepa_debit": {"iban": iban}, "billing_details": {"name": holder}}
    return parse_command(CreatePaymentMethod, sent)


def explain_iban(iban: str) -> str | None:
    """What is wrong with an account number, in the language of the page; None where nothing is."""
    try:
        sepa.parse_iban(iban)
    except sepa.BadIban as error:
        return _explain(error.mistake)
    return None


def _explain(mistake: sepa.Mistake) -> str:
    words: dict[str, str] = {
        "checksum": _("This IBAN is not right. Please check each digit."),
        "country": _("Accounts of this country can't be debited. Use an account in the SEPA area."),
        "form": _("An IBAN begins with two letters and two digits, such as DE89 3704 0044 0532 0130 00."),
        "length": _("This IBAN has too few or too many characters. Please check it."),
    }
    return words[mistake]
