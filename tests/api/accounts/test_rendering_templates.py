"""A merchant's own templates on the API: listed, looked at, put aside, and named by customers and invoices."""

import pytest
import stripe
from stripe import InvoiceRenderingTemplate

from portal.billing.accounts import rendering_templates
from tests import contract, official


@pytest.fixture
def add(writing):
    """Adds a template of one file; without a template to update, a new one."""

    def added(style=b"p { color: red }", **options):
        with writing() as db:
            command = rendering_templates.AddTemplate({"style.css": style}, **options)
            return rendering_templates.add(db, command, now=options.pop("now", 1795262400)).id

    return added


def _rendering(api, customer, **sent):
    return api.post("invoices", customer=customer.id, **sent)["rendering"]


def test_both_generations_of_the_client_list_retrieve_and_archive(app, merchant, add, monkeypatch):
    template = add(nickname="Letterhead")
    add(b"b {}", template=template)
    calls = official.client(app, merchant.test_key).v1.invoice_rendering_templates
    found = calls.retrieve(template)
    assert list(contract.violations(found.to_dict(), InvoiceRenderingTemplate)) == []
    assert (found.nickname, found.version, calls.retrieve(template, {"version": 1}).version) == ("Letterhead", 2, 1)
    assert calls.archive(template).status == "archived"
    assert [each.id for each in calls.list({"status": "archived"}).data] == [template]
    monkeypatch.setattr(stripe, "api_key", merchant.test_key)
    monkeypatch.setattr(stripe, "api_base", "http://localhost")
    monkeypatch.setattr(stripe, "default_http_client", official.Wire(app))
    assert InvoiceRenderingTemplate.unarchive(template).status == "active"
    assert [each.id for each in InvoiceRenderingTemplate.list()] == [template]


def test_an_unknown_version_is_told(api, add):
    refused = api.error("GET", f"invoice_rendering_templates/{add()}", version=7, status=400)
    assert refused["param"] == "version"


def test_a_draft_takes_its_customers_template(api, make, add):
    template = add()
    customer = make.customer(invoice_settings={"rendering_options": {"template": template}})
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["rendering_options"]["template"] == template
    assert _rendering(api, customer)["template"] == template


def test_a_finalized_invoice_names_the_version_of_its_day(api, make, add):
    template = add()
    invoice = make.invoice(rendering={"template": template})
    add(b"b {}", template=template)
    assert api.get(f"invoices/{invoice.id}")["rendering"]["template_version"] == 1
    later = make.invoice(rendering={"template": template})
    assert api.get(f"invoices/{later.id}")["rendering"]["template_version"] == 2
    chosen = make.invoice(rendering={"template": template, "template_version": 1})
    assert api.get(f"invoices/{chosen.id}")["rendering"]["template_version"] == 1


def test_the_default_is_for_those_who_have_no_template(api, make, add):
    default, own = add(default=True), add(b"b {}")
    assert api.get(f"invoices/{make.invoice().id}")["rendering"]["template"] == default
    assert api.get(f"invoices/{make.invoice(rendering={'template': own}).id}")["rendering"]["template"] == own


def test_an_archived_template_is_for_nothing_new_and_goes_on_where_it_is(api, make, add):
    template = add()
    customer = make.customer(invoice_settings={"rendering_options": {"template": template}})
    api.post(f"invoice_rendering_templates/{template}/archive")
    refused = api.error("POST", "invoices", customer=make.customer().id, rendering={"template": template}, status=400)
    assert refused["param"] == "rendering[template]"
    settings = {"rendering_options": {"template": template}}
    assert api.error("POST", "customers", invoice_settings=settings, status=400)["param"] == (
        "invoice_settings[rendering_options][template]"
    )
    assert api.get(f"invoices/{make.invoice(customer).id}")["rendering"]["template"] == template


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"template": "inrtem_unknown"}, "rendering[template]"),
        ({"template_version": 1}, "rendering[template_version]"),
    ],
)
def test_what_does_not_exist_is_not_named(api, make, sent, param):
    refused = api.error("POST", "invoices", customer=make.customer().id, rendering=sent)
    assert refused["param"] == param


def test_a_version_that_is_not_there_is_refused(api, make, add):
    rendering = {"template": add(), "template_version": 2}
    refused = api.error("POST", "invoices", customer=make.customer().id, rendering=rendering, status=400)
    assert refused["param"] == "rendering[template_version]"


def test_a_template_can_be_taken_away_again(api, make, add):
    draft = api.post("invoices", customer=make.customer().id, rendering={"template": add(), "template_version": 1})
    cleared = api.post(f"invoices/{draft['id']}", rendering={"template": ""})["rendering"]
    assert (cleared["template"], cleared["template_version"]) == (None, None)
