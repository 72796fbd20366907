"""Electronic addresses and register numbers: their schemes, forms and check digits."""

from __future__ import annotations

import pytest

from portal.rules import electronic_addresses, register_numbers
from portal.rules.electronic_addresses import BadAddress
from portal.rules.register_numbers import RegisterNumber


@pytest.mark.parametrize(
    "written",
    [
        "0204:991-12345-67",
        "9930:DE136695976",
        "EM:rechnung@example.com",
        "0208:0428759497",
        "0184:13585628",
        "0184:DK13585628",
        "0192:923609016",
        "0007:5560360793",
        "0106:12345678",
        "0002:303265045",
        "0088:7300010000001",
        "0225:303265045_SERVICE",
    ],
)
def test_addresses_of_the_list_are_taken(written: str) -> None:
    assert electronic_addresses.parse_address(f" {written} ") == tuple(written.split(":"))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("991-12345-67", "Write its scheme"),
        ("0204: ", "Write its scheme"),
        ("9999:abc", "9999 is no scheme"),
        ("em:rechnung@example.com", "em is no scheme"),
        ("EM:rechnung", "scheme EM"),
        ("0208:0428759498", "check digits"),
        ("0208:428759497", "check digits"),
        ("0184:13585629", "check digits"),
        ("0192:923609017", "check digits"),
        ("0007:5560360794", "check digits"),
        ("0106:1234567", "check digits"),
        ("0088:7300010000002", "check digits"),
    ],
)
def test_what_is_no_address_is_refused_in_words(written: str, words: str) -> None:
    with pytest.raises(BadAddress, match=words):
        electronic_addresses.parse_address(written)


def test_the_list_is_that_of_the_standard() -> None:
    assert len(electronic_addresses.EAS_SCHEMES) == 104
    assert "EM" in electronic_addresses.EAS_SCHEMES - electronic_addresses.PEPPOL_SCHEMES


@pytest.mark.parametrize(
    ("country", "written", "vat_id", "found"),
    [
        ("NL", "KvK 12345678", None, RegisterNumber("12345678", "0106")),
        ("NL", "00000001234567890000", None, RegisterNumber("00000001234567890000", "0190")),
        ("NL", "HRB 12345 B", None, RegisterNumber("HRB 12345 B")),
        ("FR", "RCS Lyon 303 265 045", None, RegisterNumber("303265045", "0002")),
        ("FR", "303 265 045 00012", None, RegisterNumber("303265045", "0002")),
        ("FR", None, "FR40303265045", RegisterNumber("303265045", "0002")),
        ("FR", "HRB 12345 B", "FR40303265045", RegisterNumber("303265045", "0002")),
        ("DK", None, "DK13585628", RegisterNumber("13585628", "0184")),
        ("NO", "Foretaksregisteret NO 923 609 016 MVA", None, RegisterNumber("923609016", "0192")),
        ("SE", "556036-0793", None, RegisterNumber("5560360793", "0007")),
        ("SE", "556036-0794", None, RegisterNumber("556036-0794")),
        ("BE", "0428.759.497", "BE0428759497", RegisterNumber("0428759497", "0208")),
        ("DE", "HRB 12345 B", "DE136695976", RegisterNumber("HRB 12345 B")),
        ("DE", None, "DE136695976", None),
        (None, None, None, None),
    ],
)
def test_a_register_number_has_the_scheme_of_its_country(
    country: str | None, written: str | None, vat_id: str | None, found: RegisterNumber | None
) -> None:
    assert register_numbers.find_number(country, written, vat_id) == found
