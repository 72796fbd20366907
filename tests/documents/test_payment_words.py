"""How an invoice was paid, in the language of its document."""

from __future__ import annotations

import pytest

from portal.documents.payment_words import payment_words


@pytest.mark.parametrize(
    ("locale", "words", "said"),
    [
        ("en", "Bank transfer", "Bank transfer"),
        ("de", "Bank transfer", "Überweisung"),
        ("fr", "Bank transfer", "Virement bancaire"),
        ("ar", "Bank transfer", "حوالة مصرفية"),
        ("de", "Written off as tolerated", "Als Kleinbetrag ausgebucht"),
        ("de", "Bank transfer of 2026-11-20", "Überweisung vom 20.11.2026"),
        ("fr", "Bank transfer of 2026-11-20, taken back", "Virement bancaire du 20 nov. 2026, annulé"),
        ("de", "Visa ending in 4242", "Visa ending in 4242"),
        ("de", "", ""),
    ],
)
def test_what_is_recorded_in_english_is_said_in_the_language(locale: str, words: str, said: str) -> None:
    assert payment_words(words, locale) == said
