from tests.clients import Api


def test_story(api: Api) -> None:
    customer = api.post("customers", name="Jenny", email="j@example.com", address={"country": "DE", "city": "Berlin"})
    api.post(f"customers/{customer['id']}/tax_ids", type="eu_vat", value="DE136695976")
    rate = api.post("tax_rates", display_name="VAT", percentage="19", inclusive=False)
    product = api.post("products", name="Gold")
    price = api.post("prices", product=product["id"], unit_amount=2000, currency="eur", recurring={"interval": "month"})
    sub = api.post(
        "subscriptions",
        customer=customer["id"],
        items=[{"price": price["id"], "quantity": 2, "tax_rates": [rate["id"]]}],
        expand=["latest_invoice", "customer", "items.data.price.product"],
    )
    assert sub["status"] == "incomplete"
    assert sub["latest_invoice"]["total"] == 4760
    assert sub["items"]["data"][0]["price"]["product"]["name"] == "Gold"
    paid = api.post(f"invoices/{sub['latest_invoice']['id']}/pay", paid_out_of_band=True)
    assert paid["status"] == "paid"
    assert api.get(f"subscriptions/{sub['id']}")["status"] == "active"
    note = api.post(
        "credit_notes",
        invoice=paid["id"],
        lines=[{"type": "invoice_line_item", "invoice_line_item": paid["lines"]["data"][0]["id"], "quantity": 1}],
        credit_amount=2380,
    )
    assert note["total"] == 2380
    assert api.get(f"customers/{customer['id']}")["balance"] == -2380
    invoice = api.post("invoices", customer=customer["id"])
    api.post(
        "invoiceitems", customer=customer["id"], invoice=invoice["id"], amount=5000, currency="eur", description="x"
    )
    invoice = api.post(f"invoices/{invoice['id']}/finalize")
    assert invoice["amount_due"] == 2620
    assert invoice["number"].endswith("-0002")
    canceled = api.delete(f"subscriptions/{sub['id']}", prorate=True, invoice_now=True)
    assert canceled["status"] == "canceled"
    session = api.post("billing_portal/sessions", customer=customer["id"], return_url="https://example.com")
    assert "/p/session/" in session["url"]
    listed = api.get("invoices", customer=customer["id"], limit=2)
    assert len(listed["data"]) == 2 and listed["has_more"]
