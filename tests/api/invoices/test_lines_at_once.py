"""Lines of a draft, added, changed and taken off several at a time."""

from __future__ import annotations

import pytest

from tests import official


@pytest.fixture
def change(api):
    def change(invoice, verb, *lines, **sent):
        return api.post(f"invoices/{invoice['id']}/{verb}", lines=list(lines), **sent)

    return change


def _amounts(invoice):
    return [line["amount"] for line in invoice["lines"]["data"]]


def test_the_official_client_adds_changes_and_removes_lines(app, merchant, drafted):
    calls, id = official.client(app, merchant.test_key).v1.invoices, drafted(100)["id"]
    added = calls.add_lines(id, {"lines": [{"amount": 200, "description": "Setup"}, {"amount": 300}]})
    assert [line.amount for line in added.lines.data] == [100, 200, 300]
    first, second, third = (line.id for line in added.lines.data)
    assert calls.update_lines(id, {"lines": [{"id": first, "amount": 150}]}).total == 650
    removed = calls.remove_lines(id, {"lines": [{"id": second, "behavior": "delete"}]})
    assert [line.id for line in removed.lines.data] == [first, third]
    line = calls.line_items.update(id, third, {"description": "Consulting", "metadata": {"a": "b"}})
    assert (line.description, dict(line.metadata.to_dict())) == ("Consulting", {"a": "b"})


def test_a_waiting_item_is_put_on_and_waits_again(api, customer, drafted, change):
    item = api.post("invoiceitems", customer=customer, amount=700, currency="eur")
    invoice = change(drafted(100), "add_lines", {"invoice_item": item["id"], "description": "Late"})
    assert (_amounts(invoice), invoice["lines"]["data"][1]["description"]) == ([100, 700], "Late")
    line = invoice["lines"]["data"][1]["id"]
    assert change(invoice, "remove_lines", {"id": line, "behavior": "unassign"})["total"] == 100
    assert [each["id"] for each in api.get("invoiceitems", pending=True)["data"]] == [item["id"]]


def test_prices_taxes_and_metadata_of_the_invoice_count(make, drafted, change):
    price, rate = make.price(recurring=None, unit_amount=500), make.tax_rate()
    line = {"pricing": {"price": price.id}, "quantity": 3, "tax_rates": [rate.id]}
    invoice = change(drafted(), "add_lines", line, invoice_metadata={"order": "1"})
    assert (invoice["subtotal"], invoice["total"], invoice["metadata"]) == (1500, 1785, {"order": "1"})


def test_250_lines_are_added_in_one_call(app, merchant, make, drafted):
    calls, rate = official.client(app, merchant.test_key).v1.invoices, make.tax_rate()
    lines = [
        {
            "description": f"Hours of day {number}",
            "metadata": {"day": str(number)},
            "price_data": {"currency": "eur", "product_data": {"name": "Hours"}, "unit_amount": 100},
            "quantity": 2,
            "tax_rates": [rate.id],
        }
        for number in range(250)
    ]
    assert calls.add_lines(drafted()["id"], {"lines": lines}).subtotal == 250 * 200


def test_what_is_wrong_names_the_line_and_changes_nothing(api, drafted):
    invoice = drafted(100)
    lines = [{"amount": 200}, {"amount": 1, "tax_rates": ["txr_none"]}]
    error = api.error("POST", f"invoices/{invoice['id']}/add_lines", 400, lines=lines)
    assert error["param"].startswith("lines[1][tax_rates]")
    assert api.get(f"invoices/{invoice['id']}")["total"] == 100


def test_a_line_of_another_invoice_is_unknown(api, drafted):
    line = drafted(100)["lines"]["data"][0]["id"]
    path = f"invoices/{drafted(100)['id']}"
    assert api.error("POST", f"{path}/lines/{line}", 404, amount=1)["code"] == "resource_missing"
    api.error("POST", f"{path}/remove_lines", 400, lines=[{"id": line, "behavior": "delete"}])


def test_a_finalized_invoice_keeps_its_lines(api, opened):
    invoice = opened(100)
    error = api.error("POST", f"invoices/{invoice['id']}/add_lines", lines=[{"amount": 1}])
    assert error["code"] == "invoice_not_editable"


def test_the_price_of_a_subscriptions_line_stays(api, begun):
    invoice = api.get(f"invoices/{begun(collection_method='send_invoice', days_until_due=7)['latest_invoice']}")
    path = f"invoices/{invoice['id']}/lines/{invoice['lines']['data'][0]['id']}"
    assert api.post(path, description="Gold")["description"] == "Gold"
    assert api.error("POST", path, amount=1)["param"] == "amount"
