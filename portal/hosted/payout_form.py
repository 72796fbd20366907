"""The form by which a customer has credit paid out: to an account that is kept, or to another one."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, RadioField
from wtforms.validators import ValidationError

from portal.hosted.account_form import LONGEST_HOLDER, explain_iban
from portal.hosted.forms import text_field
from portal.hosted.method_names import name_method
from portal.models import PaymentMethod

ANOTHER = "another"


class PayoutForm(FlaskForm):
    """`account` is the id of a kept one or `ANOTHER`, which `name` and `iban` are for."""

    account = RadioField(_l("Account"), validate_choice=True)
    name = text_field(_l("Account holder"), LONGEST_HOLDER)
    iban = text_field(_l("IBAN"), 60)

    def offer(self, kept: Sequence[PaymentMethod]) -> None:
        """Offer these accounts, and another one."""
        self.account.choices = [*((each.id, name_method(each)) for each in kept), (ANOTHER, _("Another account"))]
        self.account.data = self.account.data or self.account.choices[0][0]

    def validate_name(self, field: Field) -> None:
        """Another account has a holder."""
        if self.account.data == ANOTHER and not (field.data or "").strip():
            raise ValidationError(_("Enter the name of the account holder."))

    def validate_iban(self, field: Field) -> None:
        """Another account has a number that is right."""
        if self.account.data != ANOTHER:
            return
        if not field.data:
            raise ValidationError(_("Enter the IBAN."))
        if mistake := explain_iban(field.data):
            raise ValidationError(mistake)
