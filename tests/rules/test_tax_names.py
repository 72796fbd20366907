"""What tax numbers and taxes are called in a language and a country."""

from __future__ import annotations

import pytest

from portal import i18n
from portal.rules import tax_ids, tax_names


@pytest.mark.parametrize(
    ("type", "value", "locale", "name"),
    [
        ("eu_vat", "DE136695976", "de", "USt-IdNr."),
        ("eu_vat", "DE136695976", "fr", "N° TVA"),
        ("eu_vat", "DE136695976", "en_GB", "VAT no."),
        ("eu_vat", "DE136695976", "ar", "الرقم الضريبي"),
        ("eu_vat", "ATU13585627", "de_AT", "UID-Nr."),
        ("eu_vat", "ATU13585627", "en", "VAT no."),
        ("eu_vat", "ESA13585625", "es", "NIF"),
        ("eu_vat", "ESA13585625", "sw", "VAT no."),
        ("eu_vat", "IT00743110157", "it", "P. IVA"),
        ("eu_vat", "NL123456782B90", "nl", "Btw-nr."),
        ("gb_vat", "GB980780684", "en", "VAT no."),
        ("gb_vat", "GB980780684", "de", "MwSt-Nr."),
        ("de_stn", "1234567890", "de", "Steuernummer"),
        ("it_cf", "ABCDEF12A12A123A", "en", "Codice fiscale"),
        ("ch_vat", "CHE-107.787.577 MWST", "de_CH", "UID"),
        ("ch_vat", "CHE-107.787.577 TVA", "fr_CH", "IDE"),
        ("au_abn", "51824753556", "en_AU", "ABN"),
        ("in_gst", "27AAPFU0939F1ZV", "en_IN", "GSTIN"),
        ("us_ein", "91-1144442", "en", "EIN"),
        ("ca_gst_hst", "123026635RT0001", "fr_CA", "N° TPS/TVH"),
        ("jp_trn", "T5835678256246", "ja", "登録番号"),
        ("cl_tin", "76086428-5", "es", "RUT"),
        ("co_nit", "123.456.789-0", "es", "NIT"),
        ("unknown", "x", "de", "Steuernummer"),
        ("eu_vat", "no such form", "de", "USt-IdNr."),
    ],
)
def test_a_tax_number_is_called_what_its_readers_call_it(type: str, value: str, locale: str, name: str) -> None:
    assert tax_names.number_name(type, locale, value) == name


def test_every_type_has_a_name_in_every_language_and_none_is_of_the_wire() -> None:
    for kind in tax_ids.TYPES.values():
        names = {
            tax_names.number_name(kind.type, i18n.best_locale([tag]), kind.examples[0]) for tag in i18n.WIRE_LOCALES
        }
        assert all(name and "_" not in name for name in names)
        assert kind.type.replace("_", " ").upper() not in names


@pytest.mark.parametrize(
    ("display_name", "tax_type", "locale", "country", "name"),
    [
        ("VAT", "vat", "de", "DE", "USt."),
        ("VAT", None, "de", "AT", "USt."),
        ("vat", "vat", "de", "CH", "MWST"),
        ("VAT", "vat", "de", "FR", "MwSt."),
        ("VAT", "vat", "fr", "FR", "TVA"),
        ("VAT", "vat", "ar", "AE", "ضريبة القيمة المضافة"),
        ("VAT", "vat", "sw", "DE", "VAT"),
        ("GST", "gst", "fr_CA", "CA", "TPS"),
        ("Sales Tax", "sales_tax", "en", "US", "Sales Tax"),
        ("VAT reduced", "vat", "de", "DE", "VAT reduced"),
        ("Umsatzsteuer", "vat", "fr", "DE", "Umsatzsteuer"),
        ("VAT", "gst", "de", "DE", "VAT"),
        ("VAT", "jct", "de", "DE", "VAT"),
        ("", None, "de", "DE", ""),
    ],
)
def test_a_generic_name_is_translated_and_any_other_stays(
    display_name: str, tax_type: str | None, locale: str, country: str, name: str
) -> None:
    assert tax_names.tax_name(display_name, tax_type, locale, country) == name


@pytest.mark.parametrize(
    ("country", "number", "name"),
    [
        ("FR", "303 265 045", "SIREN"),
        ("NL", "12345678", "KvK"),
        ("FR", "RCS Lyon 303", None),
        ("DE", "12345", None),
        (None, "1", None),
    ],
)
def test_a_register_number_has_the_name_that_its_country_gave_it(
    country: str | None, number: str, name: str | None
) -> None:
    assert tax_names.register_name(country, number) == name


#: As the European Commission lists them for VIES, in the Union's languages and Norwegian.
VAT_NUMBERS = {
    "bg": "ДДС №",
    "cs": "DIČ",
    "da": "Momsnr.",
    "de": "USt-IdNr.",
    "el": "ΑΦΜ",
    "es": "NIF-IVA",
    "et": "KMKR nr",
    "fi": "ALV-nro",
    "fr": "N° TVA",
    "hr": "PDV ID broj",
    "hu": "Közösségi adószám",
    "it": "P. IVA",
    "lt": "PVM kodas",
    "lv": "PVN reģ. nr.",
    "nb": "Mva-nr.",
    "nl": "Btw-nr.",
    "pl": "NIP UE",
    "pt": "NIF",
    "ro": "Cod TVA",
    "sk": "IČ DPH",
    "sl": "ID za DDV",
    "sv": "Momsreg.nr",
}


@pytest.mark.parametrize(("language", "name"), VAT_NUMBERS.items())
def test_a_vat_number_has_the_name_of_each_language(language: str, name: str) -> None:
    assert tax_names.number_name("eu_vat", language, "LU26375245") == name
