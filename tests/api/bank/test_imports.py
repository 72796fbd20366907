"""Bank statements are taken in, and what is sure is paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from portal import clock
from portal.models import BankTransaction
from portal.worker import bank_folder
from tests.clients import Api
from tests.statements_of_banks import Transfer, camt, mt940


def test_a_transfer_with_the_number_pays_its_invoice(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    statement = bank(Transfer(11900, f"Rechnung {invoice['number']} vom 20.11.2026"))
    assert statement["transactions"]["assigned"] == 1
    paid = api.get(f"invoices/{invoice['id']}", expand=["payments"])
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 11900, 0)
    (transfer,) = transfers()
    assert (transfer["matched_by"], transfer["amount_assigned"]) == ("number", 11900)
    (use,) = transfer["allocations"]
    assert use["invoice_payment"] == paid["payments"]["data"][0]["id"]
    record = api.get(f"payment_records/{use['payment_record']}")
    assert record["payment_method_details"]["custom"]["display_name"] == "Bank transfer"
    assert record["processor_details"]["custom"]["payment_reference"] == transfer["id"]


def test_mt940_pays_as_well(api, opened, bank) -> None:
    invoice = opened(11900)
    bank(mt940(Transfer(11900, f"Rechnung {invoice['number']} vom 20.11.2026")))
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


def test_a_file_is_taken_in_once(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    first = bank(Transfer(11900, invoice["number"]))
    assert bank(Transfer(11900, invoice["number"]))["id"] == first["id"]
    assert len(transfers()) == 1


def test_files_that_overlap_bring_each_transfer_once(bank, transfers) -> None:
    twice = (Transfer(500, "tip"), Transfer(500, "tip"))
    bank(*twice, Transfer(700, "first"))
    later = bank(*twice, Transfer(500, "tip"), Transfer(900, "second"), number="S-2")
    assert (later["entries"]["known"], later["entries"]["new"]) == (2, 2)
    assert sorted(each["amount"] for each in transfers()) == [500, 500, 500, 700, 900]


def test_equal_transfers_with_references_of_the_bank_are_told_apart(bank, transfers) -> None:
    bank(Transfer(500, "tip", bank_reference="A1"), version="camt.054.001.08")
    bank(Transfer(500, "tip", bank_reference="A2"), version="camt.054.001.08")
    bank(Transfer(500, "tip", bank_reference="A1"), Transfer(500, "tip", bank_reference="A2"))
    assert len(transfers()) == 2


def test_what_is_no_credit_or_not_booked_is_counted_alone(bank, transfers) -> None:
    statement = bank(Transfer(500, debit=True), Transfer(600, status="PDNG"), Transfer(700))
    assert (statement["entries"]["other"], [each["amount"] for each in transfers()]) == (2, [700])


def test_a_file_of_another_account_or_currency_is_refused_whole(bank, transfers, opened) -> None:
    opened(500)
    other = bank(Transfer(500), iban="DE89370400440532013000", status=400)
    assert "account ending in 3000" in other["message"]
    foreign = bank(Transfer(500, currency="CHF"), status=400, currency="CHF")
    assert "billed in chf" in foreign["message"]
    mixed = bank(Transfer(500), Transfer(500, currency="USD"), status=400)
    assert "line" in mixed["message"]
    assert transfers() == []


def test_one_unreadable_entry_refuses_the_file_unless_it_is_taken_in_part(bank, transfers) -> None:
    file = camt(Transfer(500, "one"), Transfer(600, "two")).replace(b"5.00", b"5.oo")
    assert "line 5, <Amt>" in bank(file, status=400)["message"]
    assert transfers() == []
    statement = bank(file, partial=True)
    assert [(each["line"], each["element"]) for each in statement["entries"]["refused"]] == [(5, "<Amt>")]
    assert [each["amount"] for each in transfers()] == [600]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello", "neither a camt message nor an MT940"),
        (b"<html></html>", "line 1, <html>"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>', "<!DOCTYPE>"),
        (camt(Transfer(500))[:-60], "no well-formed XML"),
        (mt940(Transfer(500))[:-30], ":62F:"),
        (mt940(Transfer(500), Transfer(700)).replace(b"C:61:", b"").replace(b"R7,00", b"R8,00"), "closing balance"),
        (b":20:A\r\n:25:12030000/0000202051\r\n:60F:C261119EUR1,00\r\n:99X:\r\n", ":99X:"),
    ],
)
def test_what_can_not_be_read_books_nothing(bank, transfers, content: bytes, words: str) -> None:
    error = bank(content, status=400)
    assert words in error["message"]
    assert error["param"] == "file"
    assert transfers() == []


def test_without_a_bank_account_nothing_is_taken_in(api) -> None:
    error = api.error("POST", "bank_statements", upload=("a.xml", camt(Transfer(500))))
    assert "settings[invoices][bank_transfer][iban]" in error["message"]


def test_further_accounts_are_taken_in(api, bank) -> None:
    api.post("account", settings={"bank": {"ibans": ["NL91ABNA0417164300"]}})
    assert bank(Transfer(500), iban="NL91ABNA0417164300")["entries"]["new"] == 1


def test_account_numbers_of_payers_are_sealed(bank, transfers, writing) -> None:
    bank(Transfer(500, iban="DE89370400440532013000"))
    assert transfers()[0]["payer"] == {"iban_last4": "3000", "name": "Jenny Rosen"}
    with writing() as db:
        row = db.scalars(select(BankTransaction)).one()
        assert b"DE89" not in row.payer_sealed
        assert "0532013000" not in f"{row.payer_key}{row.purpose}"


def test_the_same_file_taken_in_by_several_at_once_pays_once(app, api, opened, bank) -> None:
    invoice = opened(11900)
    bank(Transfer(1, "something else"))
    file = camt(Transfer(11900, invoice["number"]), number="S-9")

    def take_in(_: int) -> str:
        mine = Api(app.test_client(), api.key)
        return str(mine.post("bank_statements", upload=("a.xml", file))["id"])

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(take_in, range(12)))) == 1
    paid = api.get(f"invoices/{invoice['id']}", expand=["payments"])
    assert (paid["status"], len(paid["payments"]["data"]), paid["amount_overpaid"]) == ("paid", 1, 0)


def test_a_large_file_is_matched_in_steps(api, opened, bank, app) -> None:
    invoice = opened(11900)
    filler = [Transfer(100 + number, f"nothing {number} {'x' * 120}") for number in range(1100)]
    statement = bank(*filler, Transfer(11900, invoice["number"]))
    assert (statement["status"], statement["transactions"]["pending"]) == ("processing", 1101)
    services = app.extensions["portal"]
    assert bank_folder.work(services, clock.now()) == 250
    while bank_folder.work(services, clock.now()):
        pass
    done = api.get(f"bank_statements/{statement['id']}")
    assert (done["status"], done["transactions"]["assigned"], done["transactions"]["waiting"]) == ("complete", 1, 1100)
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


def test_the_amount_of_an_instalment_pays_it(api, bank, make, transfers):
    parts = [{"amount": amount, "description": "Part", "days_until_due": amount} for amount in (300, 700)]
    invoice = make.invoice(make.customer(), 1000, collection_method="send_invoice", amounts_due=parts)
    bank(Transfer(300, f"Rate {invoice.number}"), Transfer(299, f"Rate {invoice.number}"))
    assert api.get(f"invoices/{invoice.id}")["amount_paid"] == 300
    assert sorted(each["status"] for each in transfers()) == ["assigned", "waiting"]
