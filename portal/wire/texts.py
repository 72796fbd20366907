"""Texts with a syntax of their own: email addresses, language tags, prefixes of numbers."""

from __future__ import annotations

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from portal import i18n
from portal.wire.commands import documented, text, wrong


def email_address(value: str) -> str:
    """An address by its syntax alone, in normal form. Raises `ValueError` in words."""
    try:
        # merchants try things out with customers at .test addresses
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError(f"Invalid email address: {value[:100]}") from None


def _email(value: str) -> str:
    try:
        return email_address(value)
    except ValueError as error:
        raise wrong("email_invalid", str(error)) from None


def _language(value: str) -> str:
    if i18n.cldr(value) is None:
        raise wrong("", f"Invalid language: {value}. Use a tag such as de or pt-BR.")
    return value


def _prefix(value: str) -> str:
    if not (3 <= len(value) <= 12 and value.isascii() and value.isalnum() and value.upper() == value):
        raise wrong("", "An invoice prefix has 3 to 12 upper-case letters and digits.")
    return value


Email = Annotated[str, text(512), AfterValidator(_email), documented(type="string", format="email", maxLength=512)]
Language = Annotated[str, text(20), AfterValidator(_language)]
#: What the numbers of invoices begin with.
Prefix = Annotated[str, text(12), AfterValidator(_prefix)]
