"""An id that leads nowhere: 404 where the path names it, 400 with its parameter where a parameter does."""

import pytest
from flask import Flask

from portal.api import endpoint, init_app
from tests.api.test_hostile_input import parameters
from tests.clients import flattened
from tests.examples import EXAMPLES, Scene, path_types
from tests.failures import error_of

init_app(Flask(__name__))
#: What a parameter that names an object is called, or its list, or the hash that it is the `id` of.
NOUNS = {
    *("configuration", "coupon", "credit_note", "customer", "discount", "file", "invoice", "invoice_line_item"),
    *("invoiceitem", "payment_record", "plan", "price", "product", "promotion_code", "quote", "schedule"),
    *("shipping_rate", "subscription", "subscription_item", "tax_rate", "template", "test_clock"),
    *("account_tax_ids[0]", "default_tax_rates[0]", "tax_rates[0]", "products[0]", "prices[0]"),
    *("default_price", "ending_before", "from_invoice", "from_quote", "from_subscription", "starting_after"),
    *("logo", "icon", "feedback_option"),
}
CELLS = [
    (method, rule, name)
    for (method, rule), command in sorted(endpoint.CALLS.items())
    for name in parameters(command)
    if name.replace("]", "").rpartition("[")[2] in NOUNS or any(name.endswith(f"[{noun[:-3]}][0]") for noun in NOUNS)
]


def _least(scene: Scene, rule: str) -> dict[str, object]:
    """What a creation needs before it looks for what else is named."""
    customer, price = {"customer": scene.customer.id}, {"price": scene.make.price().id}
    entry = {"amount": 1, "currency": "eur"}
    return {
        "/billing_portal/sessions": customer,
        "/credit_notes": {"invoice": scene.invoice.id, "amount": 1},
        "/invoiceitems": customer | entry,
        "/invoices": customer,
        "/invoices/create_preview": {"subscription": scene.subscription.id},
        "/prices": {"product": scene.make.product().id, "currency": "eur", "unit_amount": 1},
        "/products": {"name": "x"},
        "/quotes": customer | {"line_items": [price]},
        "/subscription_items": {"subscription": scene.subscription.id} | price,
        "/subscription_schedules": customer | {"phases": [{"items": [price], "iterations": 1}], "start_date": "now"},
        "/subscriptions": customer | {"items": [price]},
    }.get(rule, {})


@pytest.mark.parametrize(("method", "rule"), sorted({cell[:2] for cell in CELLS}))
def test_a_parameter_that_leads_nowhere_is_400(api, make, method, rule):
    scene = Scene(make, api, make.customer(), "a word")
    path = rule[1:]
    for below, type in sorted(path_types().items(), key=lambda item: -len(item[0])):
        if f"{below}/<id>" in rule and type in EXAMPLES:
            path = path.replace(f"{below[1:]}/<id>", f"{below[1:]}/{EXAMPLES[type](scene)}")
    path = path.replace("<customer>", scene.customer.id).replace("<id>", scene.customer.id)
    path = path.replace("<product>", make.product().id)
    least = flattened(_least(scene, rule)) if method == "POST" else []
    for name in [cell[2] for cell in CELLS if cell[:2] == (method, rule)]:
        kept = [f"{key}={value}" for key, value in least if not key.startswith(name)]
        answer = api.request(method, path, raw="&".join([*kept, f"{name}=nothing_1"]))
        error = error_of(answer)
        assert answer.status_code == 400, (name, error)
        if error.get("code") == "resource_missing":
            assert error["param"] == name
