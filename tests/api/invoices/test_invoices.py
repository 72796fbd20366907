"""The life of an invoice over the API: drafted, finalized, paid, voided, written off, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from flask import Flask

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database
from tests import goldens
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories


def test_a_new_invoice_is_an_empty_draft(api: Api, customer: str) -> None:
    invoice = api.post("invoices", customer=customer)
    assert (invoice["status"], invoice["number"], invoice["total"]) == ("draft", None, 0)
    assert invoice["lines"]["data"] == []
    assert invoice["hosted_invoice_url"] is invoice["ending_balance"] is invoice["due_date"] is None
    assert invoice["auto_advance"] is False


def test_the_currency_is_the_customers_and_else_the_accounts(api: Api, make: Factories) -> None:
    api.post("account", default_currency="chf")
    fresh, billed = make.customer(), make.customer()
    make.draft(billed, 1000)
    assert api.post("invoices", customer=fresh.id)["currency"] == "chf"
    assert api.post("invoices", customer=billed.id)["currency"] == "eur"
    assert api.error("POST", "invoices", customer=billed.id, currency="usd")["param"] == "currency"


def test_a_customer_who_is_unknown_or_deleted_is_not_billed(api: Api, customer: str) -> None:
    assert api.error("POST", "invoices", 400, customer="cus_none")["code"] == "resource_missing"
    api.delete(f"customers/{customer}")
    assert api.error("POST", "invoices", 400, customer=customer)["param"] == "customer"


def test_finalizing_numbers_and_opens(api: Api, drafted: Callable[..., Any], held_clock: int) -> None:
    first, second = (api.post(f"invoices/{drafted(1000)['id']}/finalize") for _ in range(2))
    prefix = api.get(f"customers/{first['customer']}")["invoice_prefix"]
    assert [first["number"], second["number"]] == [f"{prefix}-0001", f"{prefix}-0002"]
    assert (first["status"], first["amount_due"], first["amount_remaining"]) == ("open", 1000, 1000)
    assert first["status_transitions"]["finalized_at"] == first["effective_at"] == held_clock
    assert first["hosted_invoice_url"]
    assert first["invoice_pdf"]


def test_a_draft_without_lines_is_not_finalized(api: Api, drafted: Callable[..., Any]) -> None:
    error = api.error("POST", f"invoices/{drafted()['id']}/finalize")
    assert error["code"] == "invoice_no_customer_line_items"


def test_an_invoice_is_finalized_once(api: Api, opened: Callable[..., Any]) -> None:
    error = api.error("POST", f"invoices/{opened(1000)['id']}/finalize")
    assert error["code"] == "invoice_not_editable"
    assert "already finalized" in error["message"]


def test_a_finalized_invoice_takes_metadata_only(api: Api, opened: Callable[..., Any]) -> None:
    path = f"invoices/{opened(1000)['id']}"
    changed = api.post(path, metadata={"order": "6735"}, auto_advance=True)
    assert (changed["metadata"], changed["auto_advance"]) == ({"order": "6735"}, True)
    for key, value in {"description": "Late", "footer": "Late", "collection_method": "send_invoice"}.items():
        assert api.error("POST", path, **{key: value})["param"] == key
    assert api.get(path)["description"] is None


def test_metadata_is_merged_and_unset(api: Api, drafted: Callable[..., Any]) -> None:
    path = f"invoices/{drafted(metadata={'a': '1', 'b': '2'})['id']}"
    assert api.post(path, metadata={"a": "", "c": "3"})["metadata"] == {"b": "2", "c": "3"}
    assert api.post(path, metadata="")["metadata"] == {}


def test_a_draft_is_editable(api: Api, drafted: Callable[..., Any]) -> None:
    path = f"invoices/{drafted(1000)['id']}"
    fields = [{"name": f"Field {number}", "value": "x"} for number in range(4)]
    words = {"description": "Thanks", "footer": "Bank", "statement_descriptor": "ROCKET", "custom_fields": fields}
    changed = api.post(path, **words, rendering={"pdf": {"page_size": "letter"}})
    assert {key: changed[key] for key in words} == words
    assert changed["rendering"]["pdf"] == {"page_size": "letter"}
    assert api.post(path, description="", custom_fields="")["custom_fields"] is None


def test_there_are_at_most_four_custom_fields(api: Api, drafted: Callable[..., Any]) -> None:
    fields = [{"name": str(number), "value": "x"} for number in range(5)]
    assert api.error("POST", f"invoices/{drafted()['id']}", custom_fields=fields)["param"].startswith("custom_fields")


def test_custom_fields_and_footer_come_from_the_customer(api: Api, customer: str) -> None:
    fields = [{"name": "PO", "value": "4711"}]
    api.post(f"customers/{customer}", invoice_settings={"custom_fields": fields, "footer": "Thank you"})
    invoice = api.post("invoices", customer=customer)
    assert (invoice["custom_fields"], invoice["footer"]) == (fields, "Thank you")


def test_days_until_due_count_from_finalization(api: Api, drafted: Callable[..., Any]) -> None:
    draft = drafted(1000, collection_method="send_invoice", days_until_due=14)
    with clock.hold_at(NOON):
        assert api.post(f"invoices/{draft['id']}/finalize")["due_date"] == NOON + 14 * clock.DAY


def test_a_due_date_and_days_replace_each_other(api: Api, drafted: Callable[..., Any], held_clock: int) -> None:
    path = f"invoices/{drafted(1000, collection_method='send_invoice', days_until_due=14)['id']}"
    assert api.post(path, due_date=held_clock + 99)["due_date"] == held_clock + 99
    api.post(path, days_until_due=3)
    assert api.post(f"{path}/finalize")["due_date"] == held_clock + 3 * clock.DAY


@pytest.mark.parametrize("sent", [{"due_date": NOON}, {"days_until_due": 14}])
def test_nothing_is_due_where_nobody_sends_money(api: Api, drafted: Callable[..., Any], sent: dict[str, int]) -> None:
    assert api.error("POST", f"invoices/{drafted()['id']}", **sent)["param"] == next(iter(sent))
    path = f"invoices/{drafted(collection_method='send_invoice', **sent)['id']}"
    assert api.post(path, collection_method="charge_automatically")["due_date"] is None


def test_a_due_date_and_days_together_are_refused(api: Api, customer: str) -> None:
    both = {"collection_method": "send_invoice", "due_date": NOON, "days_until_due": 3}
    assert "only specify one" in api.error("POST", "invoices", customer=customer, **both)["message"]


def test_a_credit_balance_pays_at_finalization(api: Api, customer: str, opened: Callable[..., Any]) -> None:
    api.post(f"customers/{customer}/balance_transactions", amount=-300, currency="eur")
    invoice = opened(1000)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (-300, 0)
    assert (invoice["amount_due"], invoice["amount_remaining"], invoice["total"]) == (700, 700, 1000)
    [entry, _] = api.get(f"customers/{customer}/balance_transactions")["data"]
    assert (entry["type"], entry["amount"], entry["invoice"]) == ("applied_to_invoice", 300, invoice["id"])


def test_nothing_due_means_paid(api: Api, customer: str, opened: Callable[..., Any], held_clock: int) -> None:
    api.post(f"customers/{customer}/balance_transactions", amount=-1500, currency="eur")
    invoice = opened(1000)
    assert (invoice["status"], invoice["paid"], invoice["paid_out_of_band"]) == ("paid", True, False)
    assert (invoice["amount_due"], invoice["amount_paid"], invoice["ending_balance"]) == (0, 0, -500)
    assert invoice["status_transitions"]["paid_at"] == held_clock


def test_a_debt_is_billed_along(api: Api, customer: str, opened: Callable[..., Any]) -> None:
    api.post(f"customers/{customer}/balance_transactions", amount=200, currency="eur")
    assert opened(1000)["amount_due"] == 1200
    assert api.get(f"customers/{customer}")["balance"] == 0


def test_a_negative_total_becomes_credit(api: Api, customer: str, opened: Callable[..., Any]) -> None:
    invoice = opened(1000, -1400)
    assert (invoice["status"], invoice["total"], invoice["amount_due"]) == ("paid", -400, 0)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (0, -400)
    assert opened(1000)["amount_due"] == 600


def test_a_draft_shows_what_its_balance_would_leave(api: Api, customer: str, drafted: Callable[..., Any]) -> None:
    draft = drafted(1000)
    api.post(f"customers/{customer}/balance_transactions", amount=-300, currency="eur")
    shown = api.get(f"invoices/{draft['id']}")
    assert (shown["starting_balance"], shown["amount_due"], shown["amount_remaining"]) == (-300, 700, 700)
    assert shown["ending_balance"] is None


def test_paying_out_of_band(api: Api, opened: Callable[..., Any], held_clock: int) -> None:
    paid = api.post(f"invoices/{opened(1000)['id']}/pay", paid_out_of_band=True)
    assert (paid["status"], paid["paid"], paid["paid_out_of_band"]) == ("paid", True, True)
    assert (paid["amount_due"], paid["amount_paid"], paid["amount_remaining"]) == (1000, 1000, 0)
    assert paid["status_transitions"]["paid_at"] == held_clock
    assert (
        api.error("POST", f"invoices/{paid['id']}/pay", paid_out_of_band=True)["message"] == "Invoice is already paid"
    )


def test_there_is_no_card_to_charge(api: Api, opened: Callable[..., Any]) -> None:
    assert api.error("POST", f"invoices/{opened(1000)['id']}/pay")["param"] == "paid_out_of_band"


def test_a_written_off_invoice_can_still_be_paid_or_voided(
    api: Api, opened: Callable[..., Any], held_clock: int
) -> None:
    one, other = (api.post(f"invoices/{opened(1000)['id']}/mark_uncollectible") for _ in range(2))
    assert one["status_transitions"]["marked_uncollectible_at"] == held_clock
    assert one["status"] == "uncollectible"
    assert api.post(f"invoices/{one['id']}/pay", paid_out_of_band=True)["status"] == "paid"
    assert api.post(f"invoices/{other['id']}/void")["status"] == "void"


@pytest.mark.parametrize(
    ("reached", "refused"),
    [
        ([], ["pay", "void", "mark_uncollectible"]),
        (["finalize", "void"], ["finalize", "pay", "void", "mark_uncollectible", "send"]),
        (["finalize", "pay"], ["finalize", "pay", "void", "mark_uncollectible"]),
        (["finalize", "mark_uncollectible"], ["finalize", "mark_uncollectible", "send"]),
    ],
)
def test_other_transitions_are_refused(
    api: Api, drafted: Callable[..., Any], reached: list[str], refused: list[str]
) -> None:
    path = f"invoices/{drafted(1000)['id']}"
    for verb in reached:
        api.post(f"{path}/{verb}", **({"paid_out_of_band": True} if verb == "pay" else {}))
    before = api.get(path)
    for verb in refused:
        api.error("POST", f"{path}/{verb}", **({"paid_out_of_band": True} if verb == "pay" else {}))
    assert api.get(path) == before


@pytest.mark.parametrize("balance", [-300, 200])
def test_voiding_gives_the_applied_balance_back(
    api: Api, customer: str, opened: Callable[..., Any], balance: int
) -> None:
    api.post(f"customers/{customer}/balance_transactions", amount=balance, currency="eur")
    voided = api.post(f"invoices/{opened(1000)['id']}/void")
    [entry, *_] = api.get(f"customers/{customer}/balance_transactions")["data"]
    assert (entry["type"], entry["amount"], entry["invoice"]) == ("unapplied_from_invoice", balance, voided["id"])
    assert api.get(f"customers/{customer}")["balance"] == entry["ending_balance"] == balance


def test_the_balance_is_the_sum_of_its_entries(api: Api, customer: str, opened: Callable[..., Any]) -> None:
    api.post(f"customers/{customer}/balance_transactions", amount=-700, currency="eur")
    for amount in (500, -900, 1300):
        opened(amount)
    api.post(f"invoices/{opened(100)['id']}/void")
    entries = api.get(f"customers/{customer}/balance_transactions", limit=100)["data"]
    balance = api.get(f"customers/{customer}")["balance"]
    assert balance == sum(entry["amount"] for entry in entries) == entries[0]["ending_balance"]


def test_a_draft_is_deleted_with_its_items(api: Api, customer: str, drafted: Callable[..., Any]) -> None:
    draft = drafted(1000, 500)
    assert api.delete(f"invoices/{draft['id']}") == {"id": draft["id"], "object": "invoice", "deleted": True}
    api.error("GET", f"invoices/{draft['id']}", 404)
    assert api.get("invoiceitems", customer=customer)["data"] == []


def test_what_is_finalized_or_of_a_subscription_is_not_deleted(
    api: Api, make: Factories, opened: Callable[..., Any]
) -> None:
    assert api.error("DELETE", f"invoices/{opened(1000)['id']}")["code"] == "invoice_not_editable"
    subscription = make.subscription()
    assert "void" in api.error("DELETE", f"invoices/{subscription.latest_invoice_id}")["message"]
    assert api.get(f"invoices/{subscription.latest_invoice_id}")["status"] == "draft"


def test_parties_follow_the_customer_until_finalization(api: Api, customer: str, drafted: Callable[..., Any]) -> None:
    draft = drafted(1000)
    address = {"line1": "Am Ufer 2", "city": "Köln", "country": "DE"}
    api.post(f"customers/{customer}", name="Jenny Neumann", email="neu@example.com", address=address)
    api.post(f"customers/{customer}/tax_ids", type="eu_vat", value="DE136695976")
    shown = api.get(f"invoices/{draft['id']}")
    assert (shown["customer_name"], shown["customer_email"]) == ("Jenny Neumann", "neu@example.com")
    assert shown["customer_address"]["line1"] == "Am Ufer 2"
    assert shown["customer_tax_ids"] == [{"type": "eu_vat", "value": "DE136695976"}]


def test_seller_and_buyer_are_frozen(api: Api, customer: str, opened: Callable[..., Any]) -> None:
    own = api.post("tax_ids", type="eu_vat", value="DE129273398")
    tax_id = api.post(f"customers/{customer}/tax_ids", type="eu_vat", value="DE136695976")
    before = opened(1000)
    api.post(f"customers/{customer}", name="Other", email="o@example.com", address={"country": "FR"}, phone="+33 1")
    api.delete(f"customers/{customer}/tax_ids/{tax_id['id']}")
    api.post("account", business_profile={"name": "Renamed"}, country="FR")
    api.delete(f"tax_ids/{own['id']}")
    assert api.get(f"invoices/{before['id']}") == before
    assert before["account_name"] == "Rocket Rides"


def test_an_invoice_outlives_its_customer(api: Api, customer: str, opened: Callable[..., Any]) -> None:
    invoice = opened(1000)
    api.delete(f"customers/{customer}")
    assert api.get(f"invoices/{invoice['id']}") == invoice
    assert api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)["status"] == "paid"


def test_the_accounts_own_tax_ids_are_chosen(api: Api, customer: str, drafted: Callable[..., Any]) -> None:
    own = api.post("tax_ids", type="eu_vat", value="DE129273398")["id"]
    foreign = api.post(f"customers/{customer}/tax_ids", type="eu_vat", value="DE136695976")["id"]
    path = f"invoices/{drafted(1000)['id']}"
    assert api.post(path, account_tax_ids=[own])["account_tax_ids"] == [own]
    assert api.error("POST", path, 400, account_tax_ids=[foreign])["param"] == "account_tax_ids[0]"
    assert api.post(path, account_tax_ids="")["account_tax_ids"] is None


def test_other_merchants_invoices_do_not_exist(app: Flask, database: Database, opened: Any) -> None:
    with database.writing() as db:
        stranger = new_accounts.create(db, CreateAccount("Stranger"), now=clock.now())
    other, id = Api(app.test_client(), stranger.test_key), opened(1000)["id"]
    for call in ("GET ", "POST ", "DELETE ", "POST /pay", "POST /void", "POST /send", "GET /lines"):
        method, _, path = call.partition(" ")
        assert other.error(method, f"invoices/{id}{path}", 404)["code"] == "resource_missing"
    assert other.get("invoices")["data"] == []


def test_golden(api: Api, make: Factories) -> None:
    with clock.hold_at(NOON):
        customer = make.customer(invoice_prefix="ROCKET")
        api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE136695976")
        rate = make.tax_rate()
        sent = {"collection_method": "send_invoice", "days_until_due": 14, "default_tax_rates": [rate.id]}
        draft = make.draft(customer, 1000, **sent, metadata={"order": "6735"})
        invoice = api.post(f"invoices/{draft.id}/finalize")
    assert list(violations(invoice, stripe.Invoice)) == []
    goldens.check("invoice", invoice)
