"""Legal notes on invoices: the words for each reason, language and law."""

from __future__ import annotations

import pytest

from portal import i18n
from portal.rules import tax_notes

#: Languages of the pages that no member state of the Union writes its law in: their notes are English.
OUTSIDE_THE_UNION = {"ar"}


@pytest.mark.parametrize(
    ("code", "locale", "words"),
    [
        ("AE", "de_AT", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("AE", "fr", "Autoliquidation"),
        ("AE", "ja", "Reverse charge"),
        ("K", "de", "Steuerfreie innergemeinschaftliche Lieferung"),
        ("S", "de", None),
        ("Z", "de", None),
    ],
)
def test_why_there_is_no_tax(code: str, locale: str, words: str | None) -> None:
    assert tax_notes.note_for_category(code, locale) == words


@pytest.mark.parametrize(
    ("country", "words"), [("DE", "§ 19 UStG"), ("AT", "§ 6 Abs. 1 Z 27"), ("FR", "293 B"), ("SE", "Exempt from VAT")]
)
def test_small_businesses_quote_their_own_law(country: str, words: str) -> None:
    assert words in tax_notes.small_business_note(country, "en")


def test_paying_late_is_spoken_of_where_the_law_asks() -> None:
    def said(seller: str, buyer: str) -> str:
        return " ".join(note.text for note in tax_notes.late_payment_notes(seller, buyer))

    assert "40 €" in said("FR", "ES")
    assert "§ 286" in said("DE", "DE")
    assert said("DE", "FR") == said("US", "US") == ""


@pytest.mark.parametrize("code", ["AE", "E", "G", "K", "O"])
@pytest.mark.parametrize("language", sorted({*i18n.CATALOGUES} - OUTSIDE_THE_UNION - {"en"}))
def test_a_language_of_the_pages_has_the_words_of_its_law(language: str, code: str) -> None:
    assert tax_notes.note_for_category(code, language) != tax_notes.note_for_category(code, "en")
