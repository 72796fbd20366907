"""In which countries an address has a postal code."""

import pytest

from portal import i18n
from portal.rules import postal_codes


@pytest.mark.parametrize(("country", "needs"), [("DE", True), ("US", True), ("IE", False), ("HK", False), ("", False)])
def test_a_country_has_postal_codes_or_not(country: str, needs: bool) -> None:
    assert postal_codes.needs_postal_code(country) is needs


def test_every_country_with_postal_codes_can_be_chosen() -> None:
    assert {code for code, _name in i18n.list_countries("en")} >= postal_codes._NEEDED
