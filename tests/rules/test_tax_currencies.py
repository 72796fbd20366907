"""The national currency of a country, where others circulate beside it and where it is a new one."""

import pytest

from portal.rules.tax_currencies import currency_of_country, requested_conversion


@pytest.mark.parametrize(
    ("country", "currency"),
    [
        ("BG", "eur"),
        ("HR", "eur"),
        ("DE", "eur"),
        ("SE", "sek"),
        ("BT", "btn"),
        ("LS", "lsl"),
        ("NA", "nad"),
        ("ZW", "zwg"),
        ("HT", "htg"),
        (None, None),
    ],
)
def test_a_country_has_its_own_currency(country, currency):
    assert currency_of_country(country) == currency


def test_a_bulgarian_invoice_in_euros_needs_no_conversion():
    assert requested_conversion(None, "BG", "eur", {"tax_exchange_rate": "1.95583"}) is None
    assert requested_conversion(None, "BG", "usd", {"tax_exchange_rate": "0.9"}) == {
        "currency": "eur",
        "exchange_rate": "0.9",
    }
