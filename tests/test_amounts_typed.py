"""Amounts as people type them, in their own format."""

from __future__ import annotations

import pytest

from portal import i18n


@pytest.mark.parametrize(
    ("text", "locale", "currency", "minor"),
    [
        ("1.234,50", "de", "eur", 123450),
        ("1,234.50", "en", "eur", 123450),
        ("1 234,5", "fr", "eur", 123450),
        ("12.5", "de", "eur", 1250),
        ("12,50", "en", "eur", 1250),
        ("1.234", "de", "eur", 123400),
        ("1,234", "en", "eur", 123400),
        ("1234", "de", "jpy", 1234),
        ("١٢٫٥", "ar", "eur", 1250),
        ("1.234", "en", "kwd", 1234),
        ("1,23,4", "en", "eur", None),
        ("12.345", "en", "eur", None),
        ("12,345.678", "en", "eur", None),
        ("-5", "en", "eur", None),
        ("5 EUR", "en", "eur", None),
        ("", "en", "eur", None),
    ],
)
def test_an_amount_is_read_in_the_format_of_the_language(
    text: str, locale: str, currency: str, minor: int | None
) -> None:
    assert i18n.parse_amount(text, currency, locale) == minor
