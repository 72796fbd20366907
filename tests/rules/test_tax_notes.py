"""Legal notes on invoices: the words for each reason, language and law."""

from __future__ import annotations

import pytest

from portal import i18n
from portal.rules import tax_notes


@pytest.mark.parametrize(
    ("code", "locale", "words"),
    [
        ("AE", "de_AT", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("AE", "fr", "Autoliquidation"),
        ("AE", "sw", "Reverse charge"),
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


def test_the_first_design_spoke_of_late_payment_to_businesses_in_the_words_of_its_law() -> None:
    def said(seller: str, buyer: str) -> str:
        return " ".join(note.text for note in tax_notes.first_late_notes(seller, buyer))

    assert "40 € pour frais" in said("FR", "ES")
    assert "§ 286" in said("DE", "DE")
    assert said("DE", "FR") == said("US", "US") == ""


TRANSLATED = sorted({*i18n.CATALOGUES} - {"en"})


@pytest.mark.parametrize("language", i18n.CATALOGUES)
def test_late_payment_is_spoken_of_in_every_language_of_the_pages(language: str) -> None:
    french, german = tax_notes.french_late_notes(language), tax_notes.german_late_notes(language)
    assert [note.subject for note in french] == ["PMD", "PMT", "AAB"]
    assert "40" in french[1].text
    assert "286" in german[0].text
    if language != "en":
        assert {*french, *german} & {*tax_notes.french_late_notes("en"), *tax_notes.german_late_notes("en")} == set()


def test_other_languages_read_of_late_payment_in_english() -> None:
    assert tax_notes.french_late_notes("sw") == tax_notes.french_late_notes("en")


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_of_the_pages_has_the_words_of_its_law(language: str) -> None:
    for code in ("E", "G", "K", "O"):
        assert tax_notes.note_for_category(code, language) != tax_notes.note_for_category(code, "en")


#: Directive 2006/112/EC, Article 226 (11a), in each language version.
REVERSE_CHARGE = {
    "bg": "Обратно начисляване",
    "cs": "Daň odvede zákazník",
    "da": "Omvendt betalingspligt",
    "de": "Steuerschuldnerschaft des Leistungsempfängers",
    "el": "Αντίστροφη επιβάρυνση",
    "en": "Reverse charge",
    "es": "Inversión del sujeto pasivo",
    "et": "Pöördmaksustamine",
    "fi": "Käännetty verovelvollisuus",
    "fr": "Autoliquidation",
    "hr": "Prijenos porezne obveze",
    "hu": "Fordított adózás",
    "it": "Inversione contabile",
    "lt": "Atvirkštinis apmokestinimas",
    "lv": "Nodokļa apgrieztā maksāšana",
    "nl": "Btw verlegd",
    "pl": "Odwrotne obciążenie",
    "pt": "Autoliquidação",
    "ro": "Taxare inversă",
    "sk": "Prenesenie daňovej povinnosti",
    "sl": "Obrnjena davčna obveznost",
    "sv": "Omvänd betalningsskyldighet",
}


@pytest.mark.parametrize(("language", "words"), REVERSE_CHARGE.items())
def test_reverse_charge_is_said_as_the_directive_says_it(language: str, words: str) -> None:
    assert tax_notes.note_for_category("AE", language) == words
