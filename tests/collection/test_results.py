"""What the bank says of debits: money that comes, refusals, and money that goes back."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.models import Mandate
from portal.worker import direct_debits, mandates
from tests.statements_of_banks import OWN_IBAN, Transfer, camt

LATER = 14 * clock.DAY


@pytest.fixture
def sent(collecting, debited, held_clock) -> Any:
    """`sent(amount, …)`: debits of these amounts that are in a file, with their invoices."""

    def send(*amounts: int) -> list[dict[str, Any]]:
        for amount in amounts:
            debited(amount)
        assert collecting.make_file(held_clock + LATER)
        return collecting.debits(status="processing")

    return send


def _credit(debit: dict[str, Any], **changes: Any) -> Transfer:
    return Transfer(debit["amount"], end_to_end_id=debit["end_to_end_id"], **changes)


def _returned(debit: dict[str, Any], reason: str, *, amount: int | None = None, charges: int = 0) -> bytes:
    """A camt.054 with a debit that came back."""
    told = f'<Chrgs><Rcrd><Amt Ccy="EUR">{charges / 100:.2f}</Amt></Rcrd></Chrgs>' if charges else ""
    entry = f"""<Ntry><Amt Ccy="EUR">{(amount or debit["amount"]) / 100:.2f}</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-12-15</Dt></BookgDt><NtryDtls><TxDtls>
<Refs><EndToEndId>{debit["end_to_end_id"]}</EndToEndId></Refs>{told}
<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>"""
    return camt(version="camt.054.001.08", number=f"R-{debit['id']}").replace(
        b"</Ntfctn>", entry.encode() + b"</Ntfctn>"
    )


def _answer(
    file: dict[str, Any], status: str, *rejected: tuple[str, str], version: str = "10", reason: str = ""
) -> bytes:
    """A pain.002 about a file: its status, and debits that are refused, with their reasons."""
    group = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    single = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
        f"<StsRsnInf><Rsn><Cd>{why}</Cd></Rsn></StsRsnInf></TxInfAndSts>"
        for id, why in rejected
    )
    return f"""<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>
<GrpHdr><MsgId>X</MsgId></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>{file["message_id"]}</OrgnlMsgId><GrpSts>{status}</GrpSts>{group}</OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>B</OrgnlPmtInfId>{single}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>""".encode()


def _invoice(api: Any, debit: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"invoices/{debit['invoice']}")
    return found


def _types(api: Any, debit: dict[str, Any]) -> list[str]:
    found = api.get("events", limit=100)["data"]
    return [each["type"] for each in found if each["data"]["object"]["id"] == debit["invoice"]][::-1]


def test_money_that_names_a_debit_pays_its_invoice(collecting, sent, api):
    (debit,) = sent(11900)
    collecting.take_in(camt(_credit(debit)))
    invoice, (now,) = _invoice(api, debit), collecting.debits()
    assert (invoice["status"], invoice["amount_paid"], now["status"]) == ("paid", 11900, "succeeded")
    (payment,) = api.get("invoice_payments", invoice=invoice["id"])["data"]
    record = api.get(f"payment_records/{payment['payment']['payment_record']}")
    assert record["payment_method_details"]["type"] == "sepa_debit"
    assert record["payment_method_details"]["sepa_debit"]["last4"] == "3000"
    assert "invoice.paid" in _types(api, debit)
    (transfer,) = api.get("bank_transactions")["data"]
    assert (transfer["status"], transfer["matched_by"]) == ("assigned", "reference")


def test_another_amount_waits_for_somebody_to_look(collecting, sent, api):
    (debit,) = sent(1000)
    collecting.take_in(camt(Transfer(999, end_to_end_id=debit["end_to_end_id"])))
    assert (_invoice(api, debit)["status"], api.get("bank_transactions")["data"][0]["status"]) == ("open", "waiting")


@pytest.mark.parametrize("named", ["batch", "file"])
def test_the_sum_of_a_batch_pays_all_its_invoices_once(collecting, sent, api, named):
    debits = sent(1000, 2000, 3000)
    file = api.get("direct_debit_files")["data"][0]
    day = debits[0]["collect_on"].replace("-", "")[2:]
    reference = file["message_id"] + (f"-{day}RCUR" if named == "batch" else "")
    batch = f"<NtryDtls><Btch><PmtInfId>{reference}</PmtInfId><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>"
    content = camt(Transfer(6000)).decode()
    start, end = content.index("<NtryDtls>"), content.index("</NtryDtls>") + len("</NtryDtls>")
    collecting.take_in((content[:start] + batch + content[end:]).encode())
    assert {_invoice(api, each)["status"] for each in debits} == {"paid"}
    collecting.take_in(camt(*(_credit(each) for each in debits), version="camt.054.001.08"))  # told again, singly
    assert [each["amount_overpaid"] for each in (_invoice(api, each) for each in debits)] == [0, 0, 0]
    assert sorted(each["status"] for each in api.get("bank_transactions")["data"]) == ["assigned"] + ["set_aside"] * 3


def test_what_was_paid_meanwhile_becomes_credit(collecting, sent, api):
    (debit,) = sent(1000)
    api.post(f"invoices/{debit['invoice']}/pay", paid_out_of_band=True)
    collecting.take_in(camt(_credit(debit)))
    assert api.get(f"customers/{debit['customer']}")["balance"] == -1000
    collecting.take_in(_returned(debit, "MD06"))
    assert api.get(f"customers/{debit['customer']}")["balance"] == 0
    assert _invoice(api, debit)["status"] == "paid"


def test_a_refusal_before_the_day_leaves_the_invoice_open_and_is_retried(collecting, sent, api, held_clock):
    poor, gone, fine = sent(1000, 2000, 3000)
    file = api.get("direct_debit_files")["data"][0]
    rejected = ((poor["end_to_end_id"], "AM04"), (gone["end_to_end_id"], "AC04"))
    taken = collecting.take_in(_answer(file, "PART", *rejected))
    assert (taken["format"], taken["entries"]["new"]) == ("pain.002", 2)
    by_id = {each["id"]: each for each in collecting.debits()}
    assert (by_id[poor["id"]]["status"], by_id[poor["id"]]["reason"]) == ("failed", "AM04")
    assert by_id[fine["id"]]["status"] == "processing"
    again = [each for each in by_id.values() if each["status"] == "scheduled"]
    assert [(each["invoice"], each["attempt"]) for each in again] == [(poor["invoice"], 2)]
    assert set(_types(api, gone)[-2:]) == {"invoice.payment_failed", "invoice.overdue"}
    with collecting.make.database.reading(collecting.scope) as db:
        ended = {each.id: each.ended_reason for each in db.query(Mandate).all() if each.status == "inactive"}
    assert ended == {by_id[gone["id"]]["mandate"]: "AC04"}


@pytest.mark.parametrize("version", ["03", "10"])
def test_a_file_that_is_refused_whole_fails_all_its_debits(collecting, sent, api, version):
    sent(1000, 2000)
    file = api.get("direct_debit_files")["data"][0]
    collecting.take_in(_answer(file, "RJCT", version=version, reason="FF01"))
    assert [(each["status"], each["reason"]) for each in collecting.debits()] == [("failed", "FF01")] * 2


def test_a_file_that_came_twice_is_still_under_way(collecting, sent, api):
    sent(1000)
    file = api.get("direct_debit_files")["data"][0]
    collecting.take_in(_answer(file, "RJCT", reason="DUPL"))
    assert [each["status"] for each in collecting.debits()] == ["processing"]


def test_a_return_opens_the_invoice_again_however_late(collecting, sent, api, held_clock):
    (debit,) = sent(1000)
    collecting.take_in(camt(_credit(debit)))
    with clock.hold_at(held_clock + 300 * clock.DAY):
        collecting.take_in(_returned(debit, "MD01", amount=1350))
        collecting.take_in(_returned(debit, "MD01", amount=1350).replace(b"R-", b"S-"))  # on the statement, too
    (now,) = collecting.debits()
    invoice = _invoice(api, debit)
    assert (now["status"], now["reason"], now["fee"]) == ("failed", "MD01", 350)
    assert (invoice["status"], invoice["amount_paid"], invoice["amount_remaining"]) == ("open", 0, 1000)
    assert _types(api, debit).count("invoice.payment_failed") == 1
    (payment,) = api.get("invoice_payments", invoice=invoice["id"])["data"]
    assert payment["status"] == "canceled"


def test_a_return_is_a_dispute_that_is_lost(collecting, sent, api):
    [debit] = sent(4200)
    collecting.take_in(camt(_credit(debit)))
    assert api.get("disputes")["data"] == []
    [payment] = api.get("invoice_payments", invoice=debit["invoice"])["data"]
    for _ in range(2):
        collecting.take_in(_returned(debit, "MD01"))
    [shown] = api.get("disputes", invoice=debit["invoice"])["data"]
    assert (shown["status"], shown["reason"], shown["network_reason_code"]) == ("lost", "debit_not_authorized", "MD01")
    assert (shown["direct_debit"], shown["payment_intent"], shown["amount"]) == (debit["id"], None, 4200)
    assert (shown["invoice_payment"], shown["payment_method_details"]) == (payment["id"], None)
    types = [each["type"] for each in api.get("events", limit=100)["data"][::-1]]
    told = [each.rpartition(".")[2] for each in types if each.startswith("charge.dispute.")]
    assert told == ["created", "funds_withdrawn", "closed"]
    assert "takes no answer" in api.error("POST", f"disputes/{shown['id']}/close")["message"]


def test_charges_beside_the_amount_are_noted(collecting, sent):
    (debit,) = sent(1000)
    collecting.take_in(_returned(debit, "AM04", charges=350))
    assert collecting.debits()[0]["fee"] == 350


def test_money_and_its_return_in_one_file_cancel_out(collecting, sent, api):
    (debit,) = sent(1000)
    returned = _returned(debit, "MS02").decode()
    entry = returned[returned.index("<Ntry>") : returned.index("</Ntry>") + len("</Ntry>")]
    both = camt(_credit(debit), version="camt.054.001.08").decode().replace("</Ntfctn>", f"{entry}</Ntfctn>")
    collecting.take_in(both.encode())
    assert (_invoice(api, debit)["status"], collecting.debits()[0]["status"]) == ("open", "failed")
    told = [each for each in _types(api, debit) if each in {"invoice.paid", "invoice.payment_failed"}]
    assert told == ["invoice.paid", "invoice.payment_failed"]


def test_without_statements_debits_are_trusted_after_so_many_days(collecting, sent, api, held_clock):
    (debit,) = sent(1000)
    services, day = collecting.services, held_clock + LATER + 7 * clock.DAY
    with clock.hold_at(day):
        direct_debits.work(services, day)
        assert collecting.debits()[0]["status"] == "processing"
        collecting.settings(settles_after_days=5)
        direct_debits.work(services, day)
    assert (_invoice(api, debit)["status"], collecting.debits()[0]["status"]) == ("paid", "succeeded")
    collecting.take_in(camt(_credit(debit)))
    assert api.get(f"customers/{debit['customer']}")["balance"] == 0
    assert api.get("bank_transactions")["data"][0]["status"] == "set_aside"


@pytest.mark.parametrize(
    ("action", "status"), [("leave", "past_due"), ("mark_unpaid", "unpaid"), ("cancel", "canceled")]
)
def test_a_subscription_whose_debits_fail_is_past_due_and_then_what_the_account_says(
    collecting, make, api, held_clock, action, status
):
    collecting.settings(on_exhausted=action, retry_days=[3])
    customer = make.customer()
    collecting.sign(customer)
    plan = make.subscription(customer, collection_method="charge_automatically", days_until_due=None)
    assert plan.status == "active"
    collecting.make_file(held_clock + LATER)
    (debit,) = collecting.debits()
    collecting.take_in(_returned(debit, "AM04"))
    assert api.get(f"subscriptions/{plan.id}")["status"] == "past_due"
    collecting.make_file(held_clock + LATER)
    collecting.take_in(_returned(collecting.debits()[1], "AM04"))
    assert (len(collecting.debits()), api.get(f"subscriptions/{plan.id}")["status"]) == (2, status)


def test_a_mandate_ends_after_36_months_without_use(collecting, make, writing, held_clock):
    collecting.sign(make.customer(), now=held_clock - 1097 * clock.DAY)
    collecting.sign(make.customer(), now=held_clock - 1094 * clock.DAY)
    mandates.end_unused(collecting.services, held_clock)
    with writing() as db:
        found = [(each.status, each.ended_reason) for each in db.query(Mandate).order_by(Mandate.created)]
    assert found == [("inactive", "unused"), ("active", None)]


def test_answers_that_cannot_be_read_are_refused(collecting, sent):
    sent(1000)
    cut = _answer({"message_id": "DDFAAAAAAAAAAAAAAAA"}, "RJCT", reason="FF01")[:-20]
    assert "no well-formed XML" in collecting.take_in(cut, status=400)["message"]
    assert [each["status"] for each in collecting.debits()] == ["processing"]


def test_debits_of_others_and_unknown_ones_change_nothing(collecting, sent):
    sent(1000)
    stranger = {"id": "x", "amount": 1000, "end_to_end_id": "DDE" + "A" * 24}
    collecting.take_in(_returned(stranger, "AC04"))
    collecting.take_in(_answer({"message_id": "DDF" + "A" * 16}, "RJCT", reason="FF01"))
    assert [each["status"] for each in collecting.debits()] == ["processing"]
    assert OWN_IBAN
