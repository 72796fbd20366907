"""Which transfers pay which invoices, and which wait for somebody to look at them."""

from __future__ import annotations

import pytest
from stdnum.iso7064 import mod_97_10

from portal.rules.creditor_references import make_reference
from tests.statements_of_banks import Transfer

#: How people and banks write the number ROSEN-0001.
SPELLINGS = [
    "{word}-{digits}",
    "{word}{digits}",
    "{lower}-{digits}",
    "{word} {digits}",
    "{word}/{digits}",
    "{word}_{digits}",
    "{word}.{digits}",
    "{word}–{digits}",
    "({word}-{digits})",
    "#{word}-{digits}",
    "Rechnung {word}-{digits} vom 20.11.2026",
    "Rechnung{word}-{digits}",
    "Rg.Nr.:{word}-{digits}",
    "RNr{word}{digits}, Kd. 4711",
    "{word}-{digits}vom20.11.2026"[:15],
    "{spaced}",
    "{word}-\n{digits}",
    "{head}\n{tail}-{digits}",
    "{word}-{first}\n{second}",
    "Inv {word} {digits} Cust 4711 2026",
    "{word} {bare}",
    "RF {reference}",
    "Zahlung {reference} danke",
]


def write_number(spelling: str, number: str) -> str:
    """A number as somebody writes it."""
    word, digits = number.split("-")
    reference = make_reference(number) or ""
    return spelling.format(
        word=word,
        digits=digits,
        lower=word.lower(),
        spaced=" ".join(number),
        head=word[:3],
        tail=word[3:],
        first=digits[:2],
        second=digits[2:],
        bare=int(digits),
        reference=" ".join(reference[start : start + 4] for start in range(0, len(reference), 4)),
    )


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_is_found_however_it_is_written(api, make, opened, bank, spelling: str) -> None:
    payer = make.customer(invoice_prefix="ROSEN").id
    invoice, other = opened(11900, customer=payer), opened(11900, customer=payer)
    assert invoice["number"] == "ROSEN-0001"
    bank(Transfer(11900, write_number(spelling, invoice["number"])))
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid", write_number(spelling, invoice["number"])
    assert api.get(f"invoices/{other['id']}")["status"] == "open"


@pytest.mark.parametrize("joint", [", ", " und ", "+", "\n", " "])
def test_several_numbers_in_one_transfer_are_paid_in_full(api, opened, bank, joint: str) -> None:
    invoices = [opened(11900), opened(2000), opened(50)]
    bank(Transfer(13950, joint.join(each["number"] for each in invoices)))
    assert {api.get(f"invoices/{each['id']}")["status"] for each in invoices} == {"paid"}


def test_later_numbers_may_lack_their_letters(api, make, opened, bank) -> None:
    payer = make.customer(invoice_prefix="ROSEN").id
    invoices = [opened(11900, customer=payer), opened(2000, customer=payer)]
    bank(Transfer(13900, "Rechnungen ROSEN-0001/0002"))
    assert {api.get(f"invoices/{each['id']}")["status"] for each in invoices} == {"paid"}


def test_a_sum_that_does_not_fit_waits_with_suggestions(api, opened, bank, transfers) -> None:
    one, two = opened(11900), opened(2000)
    bank(Transfer(13000, f"{one['number']} {two['number']}"))
    (transfer,) = transfers(status="waiting")
    assert [(each["invoice"], each["amount"], each["reason"]) for each in transfer["suggestions"]] == [
        (one["id"], 11900, "number"),
        (two["id"], 1100, "number"),
    ]
    assert api.get(f"invoices/{one['id']}")["status"] == "open"


def test_a_reference_pays_a_part_and_its_rest_becomes_credit(api, opened, bank, customer) -> None:
    invoice = opened(11900)
    reference = make_reference(invoice["number"])
    bank(Transfer(1900, reference=reference))
    assert api.get(f"invoices/{invoice['id']}")["amount_remaining"] == 10000
    bank(Transfer(10500, reference=reference), number="S-2")
    paid = api.get(f"invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_overpaid"]) == ("paid", 500)
    assert api.get(f"customers/{customer}")["balance"] == -500


def test_a_number_with_a_zero_in_front_is_found_by_its_reference(api, make, bank) -> None:
    customer = make.customer(invoice_prefix="0ROSEN")
    invoice = make.invoice(customer, 11900)
    bank(Transfer(1900, reference=make_reference(invoice.number)))
    assert api.get(f"invoices/{invoice.id}")["amount_remaining"] == 10000
    filled = f"RF{mod_97_10.calc_check_digits('000ROSEN0002RF')}000ROSEN0002"
    other = make.invoice(make.customer(invoice_prefix="ROSEN"), 4500, number="ROSEN-0002")
    bank(Transfer(4500, reference=filled), number="S-2")
    assert api.get(f"invoices/{other.id}")["status"] == "paid"


def test_an_end_to_end_id_names_an_invoice(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    bank(Transfer(11900, "monthly fee", end_to_end_id=invoice["number"]))
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    assert transfers()[0]["matched_by"] == "reference"


def test_a_known_payer_pays_the_one_invoice_of_that_amount(api, opened, bank, transfers) -> None:
    first, second, third = opened(11900), opened(4500), opened(4700)
    bank(Transfer(4500, "no number"))
    assert transfers()[0]["status"] == "waiting"
    bank(Transfer(11900, first["number"]), number="S-2")
    bank(Transfer(4700, "no number either"), number="S-3")
    assert transfers()[2]["matched_by"] == "payer"
    assert [api.get(f"invoices/{each['id']}")["status"] for each in (first, second, third)] == ["paid", "open", "paid"]


def test_a_known_payer_with_two_invoices_of_that_amount_waits(opened, bank, transfers) -> None:
    first, _, _ = opened(11900), opened(4500), opened(4500)
    bank(Transfer(11900, first["number"]))
    bank(Transfer(4500, "again"), number="S-2")
    assert (transfers()[1]["status"], len(transfers()[1]["suggestions"])) == ("waiting", 1)


def test_less_than_the_amount_pays_only_within_the_tolerance(api, opened, bank, transfers) -> None:
    short, exact = opened(11900), opened(11900)
    bank(Transfer(11850, short["number"]))
    assert transfers()[0]["status"] == "waiting"
    api.post("account", settings={"bank": {"underpayment_tolerance": 50}})
    bank(Transfer(11850, exact["number"]), Transfer(11849, short["number"]), number="S-2")
    paid = api.get(f"invoices/{exact['id']}", expand=["payments"])
    assert (paid["status"], paid["amount_paid"], len(paid["payments"]["data"])) == ("paid", 11900, 2)
    assert transfers()[1]["allocations"][0]["written_off"] == 50
    assert api.get(f"invoices/{short['id']}")["status"] == "open"


def test_another_currency_is_never_booked_by_itself(api, make, opened, bank, transfers) -> None:
    opened(500)
    dollars = opened(11900, customer=make.customer().id, currency="usd")
    bank(Transfer(11900, dollars["number"]))
    assert (transfers()[0]["status"], transfers()[0]["suggestions"]) == ("waiting", [])
    error = api.error("POST", f"bank_transactions/{transfers()[0]['id']}/assign", invoices=[{"invoice": dollars["id"]}])
    assert error["param"] == "invoices[0][invoice]"


def test_two_transfers_for_one_invoice_in_one_file_pay_it_once(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    bank(Transfer(11900, invoice["number"]), Transfer(11900, f"Rechnung {invoice['number']}"))
    assert sorted(each["status"] for each in transfers()) == ["assigned", "waiting"]
    assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 11900


def test_a_paid_invoice_is_not_paid_again(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    bank(Transfer(11900, invoice["number"]))
    assert transfers()[0]["status"] == "waiting"


def test_a_short_number_alone_is_never_sure(api, drafted, bank, transfers) -> None:
    draft = drafted(11900)
    invoice = api.post(f"invoices/{draft['id']}", number="2026")
    api.post(f"invoices/{invoice['id']}/finalize")
    bank(Transfer(11900, "yearly fee 2026"))
    assert (transfers()[0]["status"], transfers()[0]["suggestions"][0]["invoice"]) == ("waiting", invoice["id"])


def test_money_that_came_back_to_the_merchant_is_no_payment(opened, bank, transfers) -> None:
    invoice = opened(11900)
    returned = camt_with_return(Transfer(11900, invoice["number"]))
    bank(returned)
    assert (transfers()[0]["status"], transfers()[0]["return_reason"]) == ("waiting", "AC04")


def camt_with_return(transfer: Transfer) -> bytes:
    from tests.statements_of_banks import camt

    return camt(transfer).replace(b"</TxDtls>", b"<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>")
