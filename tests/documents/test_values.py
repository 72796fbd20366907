"""Document values: when a fingerprint changes, which values are refused, and how an address is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portal.documents.parts import Party
from portal.documents.values import page_size_of_country
from tests.documents import samples


def test_a_fingerprint_outlives_releases() -> None:
    """Another value here means that no document stored so far is found again, as a new renderer's mark does."""
    assert samples.german().fingerprint() == "13e45cd312ef566c30fe4b6a112aef5c91caf040cae71d3772b6073500000005"


def test_documents_that_say_the_same_have_one_fingerprint() -> None:
    assert samples.invoice(3).fingerprint() == samples.invoice(3).fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "NORD-0043"},
        {"locale": "de"},
        {"amount_paid": 1},
        {"livemode": False},
        {"paid_at": date(2026, 3, 9)},
        {"lines": samples.lines(7)},
        {"seller": replace(samples.SELLER, tax_ids=())},
    ],
)
def test_what_is_said_differently_has_another_fingerprint(changes: dict[str, Any]) -> None:
    assert samples.invoice(8, **changes).fingerprint() != samples.invoice(8).fingerprint()


def test_invoice_and_credit_note_never_share_a_fingerprint() -> None:
    assert samples.credit_note(number="1").fingerprint() != samples.invoice(1, number="1").fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"brand_color": "red"},
        {"brand_color": "#12345"},
        {"brand_color": "#123456;background:url(file:///etc/passwd)"},
        {"brand_color": "#123456\n"},
        {"page_size": "A5"},
        {"page_size": "A4}body{display:none"},
        {"hosted_invoice_url": "javascript:alert(1)"},
        {"hosted_invoice_url": "file:///etc/passwd"},
    ],
)
def test_values_that_could_reach_style_or_links_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        samples.invoice(1, **changes)


@pytest.mark.parametrize(("country", "paper"), [("US", "Letter"), ("ca", "Letter"), ("DE", "A4"), (None, "A4")])
def test_paper_follows_the_country(country: str | None, paper: str) -> None:
    assert page_size_of_country(country) == paper


@pytest.mark.parametrize(
    ("country", "locality"),
    [("US", "Springfield, IL 62701"), ("DE", "62701 Springfield, IL"), (None, "62701 Springfield, IL")],
)
def test_the_postal_code_stands_where_the_country_puts_it(country: str | None, locality: str) -> None:
    assert Party(name="A", city="Springfield", state="IL", postal_code="62701", country=country).locality == locality


def test_an_address_without_locality_has_none() -> None:
    assert Party(name="A", country="US").locality == ""
