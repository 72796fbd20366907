"""From an invoice to the file for the bank."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.collection import files
from portal.db import Scope
from portal.errors import Conflict, InvalidRequest, Unavailable
from portal.models import Customer, DirectDebit, Mandate, PaymentMethod
from portal.rules.settlement_days import add_settlement_days, is_settlement_day
from portal.seal import Seal
from portal.worker import direct_debits
from tests import debits
from tests.clients import Api
from tests.factories import Factories
from tests.live import TOP

SCHEMAS = TOP / ".venv" / "judges" / "sepaxml" / "schemas"


def _names(content: bytes, name: str) -> list[str]:
    return [each.text for each in etree.fromstring(content).iter(f"{{*}}{name}")]


def test_an_invoice_is_collected_by_the_mandate_of_its_customer(collecting, debited, held_clock):
    invoice = debited(11900)
    (debit,) = collecting.debits()
    assert (debit["status"], debit["amount"], debit["invoice"]) == ("scheduled", 11900, invoice.id)
    assert date.fromisoformat(debit["collect_on"]) == date(2026, 12, 7)  # fourteen days from a Saturday lead to one
    assert (invoice.status, len(debit["end_to_end_id"])) == ("open", 27)


def test_without_mandate_or_creditor_nobody_is_charged(collecting, make, api):
    unsigned = make.invoice(auto_advance=True)
    foreign = make.customer()
    collecting.sign(foreign)
    dollars = make.invoice(foreign, auto_advance=True, currency="usd")
    assert (unsigned.status, dollars.status, collecting.debits()) == ("open", "open", [])
    assert "no payment method" in api.error("POST", f"invoices/{unsigned.id}/pay", 400)["message"]


def test_what_is_due_later_is_collected_later(collecting, make, held_clock, api):
    customer = make.customer()
    collecting.sign(customer)
    due = clock.now() + 40 * clock.DAY
    invoice = make.invoice(customer, collection_method="send_invoice", due_date=due)
    assert collecting.debits() == []
    assert api.post(f"invoices/{invoice.id}/pay")["status"] == "open"
    assert collecting.debits()[0]["collect_on"] == "2026-12-31"


def test_a_file_has_each_debit_once(collecting, debited, held_clock):
    for amount in (1000, 2050, 333):
        debited(amount)
    assert collecting.make_file() is None
    later = held_clock + 14 * clock.DAY
    file = collecting.make_file(later)
    assert (file.count, file.amount) == (3, 3383)
    content = collecting.content(file)
    assert sorted(_names(content, "EndToEndId")) == sorted(each["end_to_end_id"] for each in collecting.debits())
    assert _names(content, "CtrlSum") == ["33.83", "33.83"]
    assert _names(content, "SeqTp") == ["RCUR"]
    assert {each["status"] for each in collecting.debits()} == {"processing"}
    assert collecting.make_file(later) is None


@pytest.mark.parametrize("format", ["pain.008.001.02", "pain.008.001.08"])
def test_a_file_is_what_its_schema_says(collecting, make, held_clock, format):
    collecting.settings(format=format)
    swiss = make.customer(name="Zoë <Ltd> & Søn", address={"line1": "Gasse 1", "city": "Chur", "postal_code": "7000"})
    collecting.sign(swiss, iban="CH9300762011623852957", type="single_use")
    for customer in (make.customer(), swiss):
        if customer is not swiss:
            collecting.sign(customer)
        make.invoice(customer, auto_advance=True)
    content = collecting.content(collecting.make_file(held_clock + 14 * clock.DAY))
    etree.XMLSchema(etree.parse(SCHEMAS / f"{format}.xsd")).assertValid(etree.fromstring(content))
    assert sorted(_names(content, "SeqTp")) == ["OOFF", "RCUR"]
    assert "Zoe .Ltd. + Son" in _names(content, "Nm")
    assert _names(content, "TwnNm") == ["Chur"]
    assert len(set(_names(content, "PmtInfId"))) == 2


def test_what_needs_no_money_any_more_is_canceled(collecting, debited, api, held_clock):
    paid, void, less, kept = (debited(1000) for _ in range(4))
    api.post(f"invoices/{paid.id}/pay", paid_out_of_band=True)
    api.post(f"invoices/{void.id}/void")
    api.post("credit_notes", invoice=less.id, amount=400)
    file = collecting.make_file(held_clock + 14 * clock.DAY)
    assert (file.count, file.amount) == (2, 1600)
    by_invoice = {each["invoice"]: (each["status"], each["reason"]) for each in collecting.debits()}
    assert by_invoice[paid.id] == ("canceled", "invoice_paid")
    assert by_invoice[void.id] == ("canceled", "invoice_void")
    assert by_invoice[less.id] == by_invoice[kept.id] == ("processing", None)


def test_a_mandate_that_ended_is_collected_by_no_more(collecting, debited, make, writing, api, held_clock):
    invoice, other = debited(1000), debited(2000)
    with writing() as db:
        for mandate in db.query(Mandate).all():
            mandate.status = "inactive"
    assert collecting.make_file(held_clock + 14 * clock.DAY) is None
    with make.database.reading(make.scope) as db:
        owner = db.get_one(Customer, (other.tenant_id, other.customer_id))
    collecting.sign(owner)
    direct_debits.work(collecting.services, held_clock)
    found = {(each["invoice"], each["status"], each["reason"]) for each in collecting.debits()}
    assert found == {
        (invoice.id, "canceled", "mandate_ended"),
        (other.id, "canceled", "mandate_ended"),
        (other.id, "scheduled", None),
    }
    overdue = api.get("events", type="invoice.payment_failed")["data"]
    assert [each["data"]["object"]["id"] for each in overdue] == [invoice.id]


def test_a_file_is_late_rather_than_in_the_past(collecting, debited, held_clock):
    debited(1000)
    late = held_clock + 30 * clock.DAY
    collecting.make_file(late)
    day = date.fromisoformat(collecting.debits()[0]["collect_on"])
    assert day == add_settlement_days(clock.utc_datetime(late).date(), 1)
    assert is_settlement_day(day)


def test_nothing_due_makes_no_file(collecting, api):
    assert "due" in api.error("POST", "direct_debit_files", 400)["message"]


def test_many_calls_note_one_debit(collecting, make, app, merchant):
    customer = make.customer()
    collecting.sign(customer)
    invoice = make.invoice(customer)

    def pay(_: int) -> str:
        own = Api(app.test_client(), merchant.test_key)
        # on a slow machine the turn may come too late, and nothing has changed
        while (answer := own.request("POST", f"invoices/{invoice.id}/pay")).status_code == 503:
            pass
        return str(answer.get_json()["status"])

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(pay, range(50))) == {"open"}
    assert len(collecting.debits()) == 1


def test_many_workers_make_one_file(collecting, debited, held_clock):
    for _ in range(5):
        debited(1000)

    def work(_: int) -> int:
        while True:
            with suppress(Conflict, Unavailable):
                file = collecting.make_file(held_clock + 14 * clock.DAY)
                return file.count if file else 0

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(work, range(20))) == 5
    assert len({each["direct_debit_file"] for each in collecting.debits()}) == 1


def test_a_file_appears_in_the_folder_once(collecting, debited, make, tmp_path, held_clock):
    debited(1000)
    services = replace(collecting.services, settings=replace(collecting.services.settings, debit_folder=tmp_path))
    later = held_clock + 14 * clock.DAY
    with clock.hold_at(later):
        direct_debits.work(services, later)
        (path,) = (tmp_path / collecting.scope.account_id / "test").iterdir()
        content = path.read_bytes()
        path.unlink()
        direct_debits.work(services, later)
    assert list(path.parent.iterdir()) == []
    assert _names(content, "MsgId") == [path.stem]


def test_an_account_whose_numbers_cannot_be_opened_keeps_no_other_waiting(
    collecting, debited, database, held_clock, caplog
):
    with database.writing() as db:
        other = new_accounts.create(db, CreateAccount("Lost Keys"), now=held_clock)
    make = Factories(database, Scope(other.test.id, other.account.id, livemode=False))
    debits.begin_collecting(make)
    customer = make.customer()
    debits.sign(make, Seal(["a key that was lost"]), customer)
    make.invoice(customer, 1000, auto_advance=True, currency="eur")
    debited(1000)
    later = held_clock + 14 * clock.DAY
    with clock.hold_at(later):
        direct_debits.work(collecting.services, later)
    assert collecting.debits()[0]["status"] == "processing"
    assert f"the direct debits of {other.account.id} can't be worked on" in caplog.text


def test_a_file_can_be_fetched(collecting, debited, api, client, merchant, held_clock):
    debited(1000)
    file = collecting.make_file(held_clock + 14 * clock.DAY)
    assert api.get(f"direct_debit_files/{file.id}")["fetched_at"] is None
    key = {"Authorization": f"Bearer {merchant.test_key}"}
    got = client.get(f"/v1/direct_debit_files/{file.id}/content", headers=key)
    assert got.data == collecting.content(file)
    assert api.get(f"direct_debit_files/{file.id}")["fetched_at"] == held_clock


def test_no_account_number_stands_in_the_database_or_on_the_wire(collecting, debited, api, writing, held_clock):
    debited(1000)
    file = collecting.make_file(held_clock + 14 * clock.DAY)
    assert b"DE89370400440532013000" not in file.sealed
    assert "532013000" not in str(api.get("direct_debits")) + str(api.get(f"direct_debit_files/{file.id}"))
    with writing() as db:
        assert all(b"532013000" not in (each.sealed or b"") for each in db.query(PaymentMethod).all())


def test_a_merchant_that_does_not_collect_makes_no_file(make, api, app):
    with make.database.writing(make.scope) as db, pytest.raises(InvalidRequest, match="direct_debit"):
        files.create(db, files.CreateFile(), seal=app.extensions["portal"].seal, now=clock.now())
    with make.database.reading(make.scope) as db:
        assert db.query(DirectDebit).all() == []
