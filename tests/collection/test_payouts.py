"""Credit that is paid out: asked for in the portal, decided by the merchant, made by a file for the bank."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from portal.models import Mail
from tests.clients import Portal
from tests.collection.test_pages import words
from tests.debits import DEBTOR_IBAN
from tests.mailing import mails_to
from tests.refunding import OWN_ACCOUNT

pytestmark = pytest.mark.usefixtures("held_clock")
TYPED = {"account": "another", "name": "Ada Lovelace", "iban": "DE02 1203 0000 0000 2020 51"}


@pytest.fixture
def customer(api, make):
    """One with 42.00 of credit, whose merchant can pay by bank."""
    api.post("account", default_currency="eur", settings={"invoices": {"bank_transfer": OWN_ACCOUNT}})
    return make.customer(email=f"{uuid4()}@example.com", balance=-4200)


@pytest.fixture
def visit(make, portal, customer):
    return portal(customer, make.configuration(balance_payout={"enabled": True}))


def subjects_to(app, address: str) -> list[str]:
    return sorted(str(each["Subject"]) for each in mails_to(app.extensions["portal"], address))


def test_a_customer_asks_and_the_bank_pays_once_it_is_approved(visit, customer, api, app):
    assert "Have it paid out" in words(visit.get("balance"))
    assert "€42.00 will be transferred" in words(visit.get("balance/payout"))
    assert visit.post("balance/payout", **TYPED).location.endswith("/balance")
    shown = words(visit.get("balance"))
    assert "You have asked for €42.00 to be paid out." in shown
    assert "Paid out" in shown
    assert "Have it paid out" not in shown
    assert api.get(f"customers/{customer.id}")["balance"] == 0
    [refund] = api.get("refunds", customer=customer.id)["data"]
    assert (refund["status"], refund["amount"], refund["invoice"]) == ("requires_action", 4200, None)
    assert "No refund waits" in api.error("POST", "credit_transfer_files")["message"]
    assert api.post(f"refunds/{refund['id']}/approve")["status"] == "pending"
    assert "€42.00 is on its way" in words(visit.get("balance"))
    file = api.post("credit_transfer_files")
    content = api.request("GET", f"credit_transfer_files/{file['id']}/content").data
    for part in (b"DE02120300000000202051", b"Ada Lovelace", b"42.00", refund["end_to_end_id"].encode()):
        assert part in content
    assert api.get(f"refunds/{refund['id']}")["status"] == "succeeded"
    assert subjects_to(app, customer.email) == ["Your credit is to be paid out"]
    assert "succeeded" in api.error("POST", f"refunds/{refund['id']}/cancel")["message"]


def test_who_gets_receipts_is_told_that_it_was_paid_out(visit, customer, api, app):
    api.post("account", settings={"emails": {"receipts": True}})
    visit.post("balance/payout", **TYPED)
    [refund] = api.get("refunds", customer=customer.id)["data"]
    api.post(f"refunds/{refund['id']}/approve")
    file = api.post("credit_transfer_files")
    api.request("GET", f"credit_transfer_files/{file['id']}/content")
    assert subjects_to(app, customer.email) == ["Your credit is to be paid out", "Your credit was paid out"]


def test_what_is_declined_stays_credit(visit, customer, api, app, make):
    visit.post("balance/payout", **TYPED)
    [refund] = api.get("refunds", customer=customer.id, status="requires_action")["data"]
    assert api.post(f"refunds/{refund['id']}/cancel")["status"] == "canceled"
    assert api.get(f"customers/{customer.id}")["balance"] == -4200
    shown = words(visit.get("balance"))
    assert "Not paid out after all" in shown
    assert "Have it paid out" in shown
    assert subjects_to(app, customer.email) == ["Your credit is not paid out", "Your credit is to be paid out"]
    with make.database.reading(make.scope) as db:
        assert [mail.data["refund"] for mail in db.query(Mail).filter_by(name="payout_waiting")] == [refund["id"]]
    assert api.error("POST", f"refunds/{refund['id']}/approve")["message"].startswith("You cannot approve")


def test_what_the_bank_refuses_is_credit_again(visit, customer, api):
    visit.post("balance/payout", **TYPED)
    [refund] = api.get("refunds", customer=customer.id)["data"]
    api.post(f"refunds/{refund['id']}/approve")
    file = api.post("credit_transfer_files")
    api.request("GET", f"credit_transfer_files/{file['id']}/content")
    answer = f"""<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<OrgnlGrpInfAndSts><OrgnlMsgId>{file["message_id"]}</OrgnlMsgId></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>{file["message_id"]}</OrgnlPmtInfId><TxInfAndSts>
<OrgnlEndToEndId>{refund["end_to_end_id"]}</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>"""
    for _ in range(2):
        api.post("bank_statements", upload=("b.xml", answer.encode()))
    assert api.get(f"refunds/{refund['id']}")["status"] == "failed"
    assert api.get(f"customers/{customer.id}")["balance"] == -4200


def test_a_kept_account_is_chosen(collecting, customer, make, portal, api):
    collecting.sign(customer)
    visit = portal(customer, make.configuration(balance_payout={"enabled": True}))
    assert "Bank account ending in" in words(visit.get("balance/payout"))
    [kept] = api.get(f"customers/{customer.id}/payment_methods")["data"]
    visit.post("balance/payout", account=kept["id"])
    [refund] = api.get("refunds", customer=customer.id)["data"]
    api.post(f"refunds/{refund['id']}/approve")
    file = api.post("credit_transfer_files")
    assert DEBTOR_IBAN.encode() in api.request("GET", f"credit_transfer_files/{file['id']}/content").data


def test_nobody_elses_account_can_be_chosen(collecting, customer, make, visit, api):
    other = make.customer()
    collecting.sign(other)
    [kept] = api.get(f"customers/{other.id}/payment_methods")["data"]
    assert visit.post("balance/payout", account=kept["id"]).status_code == 400
    assert api.get("refunds", customer=customer.id)["data"] == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({**TYPED, "iban": ""}, "Enter the IBAN."),
        ({**TYPED, "iban": "DE02120300000000202052"}, "This IBAN is not right."),
        ({**TYPED, "name": " "}, "Enter the name of the account holder."),
    ],
)
def test_what_is_typed_wrong_is_said_and_nothing_moves(visit, customer, api, typed, said):
    answer = visit.post("balance/payout", **typed)
    assert (answer.status_code, said in words(answer)) == (400, True)
    assert api.get(f"customers/{customer.id}")["balance"] == -4200


def test_it_is_refused_where_the_configuration_does_not_allow_it(make, portal, customer, api):
    visit = portal(customer, make.configuration())
    assert "Have it paid out" not in words(visit.get("balance"))
    assert visit.get("balance/payout").status_code == 404
    assert visit.post("balance/payout", **TYPED).status_code == 404
    assert api.get(f"customers/{customer.id}")["balance"] == -4200


def test_without_credit_there_is_nothing_to_ask_for(make, portal, api, customer):
    api.post(f"customers/{customer.id}", balance=0)
    visit = portal(customer, make.configuration(balance_payout={"enabled": True}))
    assert visit.get("balance/payout").location.endswith("/balance")


def test_many_clicks_ask_once(visit, app, customer, api):
    token = visit.token()

    def click(_: int) -> int:
        own = Portal(app.test_client(), visit.session_id)
        own.client._cookies = visit.client._cookies
        while (answer := own.post("balance/payout", token=False, csrf_token=token, **TYPED)).status_code == 503:
            pass
        return int(answer.status_code)

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(click, range(50))) <= {303, 409}
    assert [each["amount"] for each in api.get("refunds", customer=customer.id)["data"]] == [4200]
    assert api.get(f"customers/{customer.id}")["balance"] == 0


def test_a_merchant_pays_out_by_a_call(collecting, customer, api):
    collecting.sign(customer)
    sent = {"origin": "customer_balance", "customer": customer.id}
    assert api.error("POST", "refunds", **sent, amount=4201)["param"] == "amount"
    assert api.error("POST", "refunds", **sent, currency="usd")["param"] == "currency"
    assert api.error("POST", "refunds", origin="customer_balance")["param"] == "customer"
    refund = api.post("refunds", **sent, amount=200, currency="eur", metadata={"a": "b"})
    assert (refund["status"], refund["amount"], refund["metadata"]) == ("pending", 200, {"a": "b"})
    assert api.get(f"customers/{customer.id}")["balance"] == -4000
    entry = api.get(f"customers/{customer.id}/balance_transactions/{refund['customer_balance_transaction']}")
    assert (entry["amount"], entry["description"]) == (200, "Paid out")
    assert "under way" in api.error("POST", "refunds", **sent)["message"]
