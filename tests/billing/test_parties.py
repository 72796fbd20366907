"""Who stands on an invoice, and in which language it is written."""

from __future__ import annotations

from typing import Any

import pytest

from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.ledger import parties
from portal.models import Customer, Invoice
from portal.wire.commands import parse_command
from tests.factories import Factories


@pytest.fixture
def merchant_says(make: Factories) -> Any:
    """`merchant_says(settings={…})` updates the account."""

    def update(**sent: Any) -> None:
        with make.database.writing(make.scope) as db:
            account_updates.update_account(
                db, accounts.find_account(db, make.scope.account_id), parse_command(UpdateAccount, sent)
            )

    return update


def frozen(make: Factories, customer: Customer) -> Invoice:
    """A finalized invoice as it is stored."""
    return make.invoice(customer, 1000)


@pytest.mark.parametrize(
    ("preferred", "default", "locale"),
    [(["de-AT", "fr"], None, "de_AT"), ([], "fr", "fr"), ([], None, "en"), (["ar"], "fr", "ar")],
)
def test_the_language(
    make: Factories, merchant_says: Any, preferred: list[str], default: str | None, locale: str
) -> None:
    if default:
        merchant_says(settings={"portal": {"default_locale": default}})
    assert frozen(make, make.customer(preferred_locales=preferred)).buyer["locale"] == locale


def test_the_bill_goes_to_the_place_of_delivery_where_there_is_no_other(make: Factories) -> None:
    shipping = {"name": "Depot", "address": {"line1": "Hafen 1", "country": "DE"}}
    buyer = frozen(make, make.customer(address=None, shipping=shipping)).buyer
    assert (buyer["address"]["line1"], buyer["customer_address"]) == ("Hafen 1", None)


def test_the_seller_is_described_by_its_account(make: Factories, merchant_says: Any) -> None:
    bank = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
    merchant_says(
        company={"name": "Rocket Rides GmbH", "address": {"line1": "Torstraße 45", "country": "DE"}},
        business_profile={"support_email": "help@example.com"},
        settings={"invoices": {"bank_transfer": bank}, "branding": {"primary_color": "#1b4d8f"}},
    )
    seller = frozen(make, make.customer()).seller
    assert (seller["name"], seller["legal_name"], seller["email"]) == (
        "Rocket Rides",
        "Rocket Rides GmbH",
        "help@example.com",
    )
    assert (seller["bank_transfer"]["iban"], seller["primary_color"]) == (bank["iban"], "#1b4d8f")


def test_a_draft_has_no_parties_yet(make: Factories) -> None:
    draft = make.draft()
    assert draft.seller is draft.buyer is None


def test_words_made_for_the_customer_are_in_the_merchants_language_else(make: Factories, merchant_says: Any) -> None:
    merchant_says(settings={"portal": {"default_locale": "de"}})
    customer = make.customer()
    with make.database.reading(make.scope) as db:
        assert parties.customer_locale(db, customer) == "de"
