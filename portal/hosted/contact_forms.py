"""Contacts on pages: the forms that invite somebody and give another role."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired

from portal.billing.customers import contacts
from portal.billing.customers.contact_params import CreateContact, UpdateContact
from portal.errors import InvalidRequest
from portal.hosted.contact_words import why_not
from portal.hosted.forms import LoginForm, text_field
from portal.hosted.languages import LANGUAGE_CHOICES, language_tag
from portal.wire.commands import parse_command

#: A role as it is chosen: its name, and what it may do.
_ROLE_CHOICES = [
    ("owner", _l("Owner: everything, also who else gets in")),
    ("billing_manager", _l("Billing manager: everything except who gets in and the email address of the account")),
    ("accountant", _l("Accounting: read and download invoices and statements")),
    ("recipient", _l("Mails only: gets documents by mail and does not sign in")),
]


class RoleForm(FlaskForm):
    """Which role somebody has."""

    role = RadioField(_l("Role"), [InputRequired(_l("Choose the role."))])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.choices = _ROLE_CHOICES

    def to_update(self) -> UpdateContact:
        """The command that gives the role."""
        return parse_command(UpdateContact, {"role": self.role.data})


class InviteForm(LoginForm, RoleForm):
    """Who is invited, as what, and in which language."""

    email = text_field(_l("Email address"), 254, DataRequired(_l("Enter the email address.")))
    name = text_field(_l("Name"), 256)
    locale = SelectField(_l("Language"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.locale.choices = LANGUAGE_CHOICES

    @classmethod
    def blank(cls) -> InviteForm:
        """The form as it is first shown, in the language of the page; what was posted replaces it."""
        return cls(data={"role": "accountant", "locale": language_tag()})

    def to_command(self, configuration_id: str) -> CreateContact:
        """The command that adds the contact. Raises `InvalidRequest`."""
        sent = {name: self[name].data for name in ("email", "role", "name", "locale")}
        return parse_command(CreateContact, {**sent, "configuration": configuration_id})

    def show_refusal(self, error: InvalidRequest) -> None:
        """Say why the use case has refused, at the field where it is."""
        if error.code == contacts.ContactExists.code:
            self.email.errors = [_("This address has access or gets mails already.")]
        else:
            self.form_errors.append(why_not(error))
