"""Parameter types for texts with a syntax: email addresses, language tags, prefixes of invoice numbers."""

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from portal import i18n
from portal.wire.commands import parameter_error, schema_override, text_up_to


def email_address(value: str) -> str:
    """The normalized address, checked by its syntax alone. Raises `ValueError` with a message."""
    try:
        # merchants try things out with customers at .test addresses
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError(f"Invalid email address: {value[:100]}") from None


def _parse_email(value: str) -> str:
    try:
        return email_address(value)
    except ValueError as error:
        raise parameter_error("email_invalid", str(error)) from None


def _parse_language(value: str) -> str:
    if i18n.cldr_identifier(value) is None:
        raise parameter_error("", f"Invalid language: {value}. Use a tag such as de or pt-BR.")
    return value


def _parse_prefix(value: str) -> str:
    if not (3 <= len(value) <= 12 and value.isascii() and value.isalnum() and value.upper() == value):
        raise parameter_error("", "An invoice prefix has 3 to 12 upper-case letters and digits.")
    return value


Email = Annotated[
    str, text_up_to(512), AfterValidator(_parse_email), schema_override(type="string", format="email", maxLength=512)
]
Language = Annotated[str, text_up_to(20), AfterValidator(_parse_language)]
#: What the numbers of invoices begin with.
Prefix = Annotated[str, text_up_to(12), AfterValidator(_parse_prefix)]
