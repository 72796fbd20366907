"""The invoice history, and the pages and files of single invoices and credit notes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from portal import clock
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import UpdateCreditNote
from portal.billing.customers import customers
from portal.billing.customers.params import UpdateCustomer
from portal.billing.invoices import finalization, invoiceitems, payments, statuses
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import FinalizeInvoice, PayInvoice, SendInvoice
from portal.models import Customer, Invoice
from tests.clients import Portal
from tests.conftest import NOON
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
OFF = {"invoice_history": {"enabled": False}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


def page(visit: Portal, path: str = "invoices") -> str:
    answer = visit.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def ids_on(html: str) -> list[str]:
    return re.findall(r'<a href="invoices/(in_\w+)">', html)


def link(html: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" class="[^"]*" href="\?([^"]+)"', html)
    return "invoices?" + found[1].replace("&amp;", "&") if found else ""


def words(html: str) -> str:
    """The text of a page's main part."""
    main = re.search("<main.*</main>", html, re.DOTALL)
    assert main
    return " ".join(re.sub("<[^>]+>", " ", main[0]).split())


def test_the_whole_history_shows_newest_first_page_by_page(make: Factories, customer: Customer, visit: Portal) -> None:
    made = [make.invoice(customer, now=NOON - age * clock.DAY).id for age in range(50)]
    seen, path = [], "invoices"
    while path:
        html = page(visit, path)
        seen.append(ids_on(html))
        path = link(html, "next")
    assert [len(ids) for ids in seen] == [24, 24, 2]
    assert list(chain(*seen)) == made


def test_the_way_back_leads_over_the_same_pages(make: Factories, customer: Customer, visit: Portal) -> None:
    for age in range(50):
        make.invoice(customer, now=NOON - age * clock.DAY)
    first = page(visit)
    second = page(visit, link(first, "next"))
    third = page(visit, link(second, "next"))
    assert ids_on(page(visit, link(third, "prev"))) == ids_on(second)
    assert ids_on(page(visit, link(second, "prev"))) == ids_on(first)
    assert link(first, "prev") == link(third, "next") == ""


def test_a_link_to_a_page_stays_the_same_page(make: Factories, customer: Customer, visit: Portal) -> None:
    for age in range(1, 31):
        make.invoice(customer, now=NOON - age * clock.DAY)
    older = link(page(visit), "next")
    before = ids_on(page(visit, older))
    make.invoice(customer)
    assert ids_on(page(visit, older)) == before


def test_invoices_of_the_same_second_are_all_there(make: Factories, customer: Customer, visit: Portal) -> None:
    made = {make.invoice(customer).id for _ in range(30)}
    first = page(visit)
    assert set(ids_on(first) + ids_on(page(visit, link(first, "next")))) == made


@pytest.mark.parametrize("query", ["before=x", "before=1.", "after=", "before=1.in_'--", "year=20x6", "status=draft"])
def test_a_query_without_meaning_shows_the_first_page(
    make: Factories, customer: Customer, visit: Portal, query: str
) -> None:
    invoice = make.invoice(customer)
    assert ids_on(page(visit, f"invoices?{query}")) == [invoice.id]


def test_a_status_filters(make: Factories, customer: Customer, visit: Portal) -> None:
    paid, unpaid = make.paid_invoice(customer), make.invoice(customer)
    assert ids_on(page(visit, "invoices?status=paid")) == [paid.id]
    assert ids_on(page(visit, "invoices?status=open")) == [unpaid.id]
    assert "No invoice matches" in page(visit, "invoices?status=void")


def test_a_year_filters_and_only_years_with_invoices_are_offered(
    make: Factories, customer: Customer, visit: Portal
) -> None:
    older, newer = make.invoice(customer, now=NOON - 400 * clock.DAY), make.invoice(customer)
    html = page(visit, "invoices?year=2025")
    assert ids_on(html) == [older.id]
    assert re.findall(r"<option[^>]*>(\d+)</option>", html) == ["2026", "2025"]
    assert ids_on(page(visit, "invoices?year=2026")) == [newer.id]


def test_a_filter_stays_on_the_next_page(make: Factories, customer: Customer, visit: Portal) -> None:
    for age in range(26):
        make.paid_invoice(customer, now=NOON - age * clock.DAY)
        make.invoice(customer, now=NOON - age * clock.DAY)
    html = page(visit, link(page(visit, "invoices?status=paid&year=2026"), "next"))
    assert len(ids_on(html)) == 2
    assert '<option value="paid" selected>' in html


def test_a_row_says_all_there_is(make: Factories, customer: Customer, visit: Portal) -> None:
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    invoice = make.invoice(customer, 123456, now=NOON - clock.DAY, **terms)
    text = words(page(visit))
    assert f"{invoice.number} Nov 20, 2026 To pay Due Dec 4, 2026 €1,234.56 €0.00 €1,234.56" in text


def test_an_invoice_is_past_due_from_its_due_date_on(make: Factories, customer: Customer, visit: Portal) -> None:
    make.invoice(customer, collection_method="send_invoice", days_until_due=5)
    with clock.hold_at(NOON + 60):
        assert "Past due" not in page(visit)
    make.invoice(customer, now=NOON - 6 * clock.DAY, collection_method="send_invoice", days_until_due=5)
    assert "Past due" in page(visit)


def test_credit_notes_stand_beneath_their_invoice(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.invoice(customer, 3000, now=NOON - clock.DAY)
    make.invoice(customer)
    note = make.credit_note(invoice, 1000)
    text = words(page(visit))
    assert text.index(invoice.number or "") < text.index(f"{note.number} Nov 21, 2026 Credit note -€10.00")


def test_kept_rows_follow_every_change(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.invoice(customer, 3000)
    assert "To pay €30.00 €0.00 €30.00" in words(page(visit))
    note = make.credit_note(invoice, 1000)
    assert note.number in page(visit)
    make.run(credit_notes.void, UpdateCreditNote, note)
    assert "Void -€10.00" in words(page(visit))
    make.run(payments.pay, PayInvoice, invoice, paid_out_of_band=True)
    assert "Paid €30.00 €30.00 €0.00" in words(page(visit))


def test_drafts_never_show(make: Factories, customer: Customer, visit: Portal) -> None:
    draft = make.draft(customer)
    assert "No invoices yet" in page(visit)
    assert visit.get(f"invoices/{draft.id}").status_code == 404
    assert visit.get(f"invoices/{draft.id}/pdf").status_code == 404


def test_nobody_sees_anothers_invoices(make: Factories, visit: Portal) -> None:
    foreign = make.invoice(make.customer())
    note = make.credit_note(foreign, 100)
    assert ids_on(page(visit)) == []
    for path in (f"invoices/{foreign.id}", f"credit-notes/{note.id}"):
        assert visit.get(path).status_code == visit.get(f"{path}/pdf").status_code == 404


def test_a_switched_off_history_does_not_exist(portal: Open, make: Factories, customer: Customer) -> None:
    invoice = make.invoice(customer)
    visit = portal(customer, make.configuration(**OFF))
    paths = ("invoices", f"invoices/{invoice.id}", f"invoices/{invoice.id}/pdf")
    assert [visit.get(path).status_code for path in paths] == [404, 404, 404]


def test_a_warm_page_is_one_statement(make: Factories, customer: Customer, visit: Portal, count_queries: Any) -> None:
    make.credit_note(make.invoice(customer, 3000), 1000)
    page(visit)
    with count_queries() as statements:
        page(visit)
    (statement,) = statements
    assert "portal_sessions" in statement
    assert "invoices" not in statement


@pytest.mark.parametrize("locale", ["en", "de", "ar", "pt-BR"])
def test_a_kept_page_is_the_page_its_template_makes(portal: Open, make: Factories, locale: str) -> None:
    customer = make.customer(name="Jane <b>", preferred_locales=[locale])
    plan = make.subscription(customer, cancel_at_period_end=True)
    make.invoice(customer)
    visit = portal(customer, make.configuration(), return_url="https://shop.example/?a=1&b=2")
    kept = page(visit)
    visit.post(f"subscriptions/{plan.id}/resume")
    # a page with a message is made by the template alone
    with_message = page(visit)
    plain, messages = re.subn(r'<div role="status">.*?</div>\s*</div>\s*</div>', "", with_message, flags=re.DOTALL)
    assert messages == 1
    assert plain.split() == kept.split() == page(visit).split()


def test_a_kept_page_has_nothing_of_another_visit(portal: Open, make: Factories) -> None:
    configuration = make.configuration()
    jane, john = (make.customer(name=name) for name in ("Jane<b>", "John"))
    first, second = portal(jane, configuration), portal(john, configuration)
    hers, his = page(first), page(second)
    assert "Jane&lt;b&gt;" in hers
    assert "Jane" not in his
    assert first.session_id not in his
    assert first.token() not in his
    assert second.token() in his


def test_a_form_token_is_the_same_on_every_page_however_late(portal: Open, make: Factories) -> None:
    visit = portal(make.customer(), make.configuration())
    kept = page(visit)
    signed = re.search(r'name="csrf_token" value="([^"]+)"', kept)
    assert signed is not None
    time.sleep(1.1)  # a token carries the second in which it was signed
    assert signed[1] == visit.token()


def test_an_invoice_has_a_page_of_its_own(make: Factories, customer: Customer, visit: Portal) -> None:
    rate = make.tax_rate()
    terms = {"collection_method": "send_invoice", "days_until_due": 14, "default_tax_rates": [rate.id]}
    invoice = make.invoice(customer, 10000, 5000, description="Thank you.", footer="See you.", **terms)
    text = words(page(visit, f"invoices/{invoice.id}"))
    assert f"Invoice {invoice.number} To pay €178.50 to pay by December 5, 2026." in text
    assert "Consulting 1 1 €100.00 19% €100.00" in text
    assert "Subtotal €150.00 VAT 19% €28.50 Total €178.50 Amount due €178.50" in text
    assert "Bill to Jenny Rosen Lindenstraße 3 10969 Berlin Germany" in text
    assert "Thank you." in text
    assert "See you." in text


def test_what_was_printed_stays_when_the_customer_moves(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.invoice(customer)
    make.run(customers.update, UpdateCustomer, customer, name="Jenny Miller")
    text = words(page(visit, f"invoices/{invoice.id}"))
    assert "Bill to Jenny Rosen" in text
    assert "Jenny Miller" not in text


def test_a_fraction_of_a_cent_keeps_its_digits(make: Factories, customer: Customer, visit: Portal) -> None:
    price = make.price(recurring=None, unit_amount=None, unit_amount_decimal="0.125")
    draft = make.draft(customer)
    item = {"customer": customer.id, "invoice": draft.id, "price": price.id, "quantity": 1000}
    make.run(invoiceitems.create, CreateInvoiceItem, **item)
    make.run(finalization.finalize, FinalizeInvoice, draft)
    assert "1,000 €0.00125 €1.25" in words(page(visit, f"invoices/{draft.id}"))


def test_applied_credit_and_credit_notes_lead_to_what_is_due(
    make: Factories, customer: Customer, visit: Portal
) -> None:
    paid = make.paid_invoice(customer, 5000, now=NOON - 3 * clock.DAY)
    make.credit_note(paid, 1500, now=NOON - 2 * clock.DAY, credit_amount=1500)
    invoice = make.invoice(customer, 4000, now=NOON - clock.DAY)
    note = make.credit_note(invoice, 700)
    text = words(page(visit, f"invoices/{invoice.id}"))
    sums = f"Total €40.00 Credit used -€15.00 Credit note {note.number} of Nov 21, 2026 -€7.00 Amount due €18.00"
    assert sums in text


def test_the_history_of_an_invoice_is_told_in_order(make: Factories, customer: Customer, visit: Portal) -> None:
    draft = make.draft(customer, 3000, now=NOON - 9 * clock.DAY)
    make.run(finalization.finalize, FinalizeInvoice, draft, now=NOON - 8 * clock.DAY)
    make.run(finalization.send, SendInvoice, draft, now=NOON - 7 * clock.DAY)
    note = make.credit_note(draft, 500, now=NOON - 6 * clock.DAY)
    make.run(payments.pay, PayInvoice, draft, now=NOON - 5 * clock.DAY, paid_out_of_band=True)
    text = words(page(visit, f"invoices/{draft.id}"))
    told = ["Created", "Issued", "Sent to jenny.rosen@example.com", f"Credit note issued: {note.number}", "Paid"]
    start = text.index("History")
    assert sorted(told, key=lambda each: text.index(each, start)) == told


@pytest.mark.parametrize(
    ("verb", "words_"),
    [
        ("void", "This invoice is void. There is nothing to pay."),
        ("mark_uncollectible", "Closed unpaid €10.00 was not paid, and the invoice is closed. You can still pay it."),
    ],
)
def test_other_ends_have_words(make: Factories, customer: Customer, visit: Portal, verb: str, words_: str) -> None:
    invoice = make.invoice(customer)
    make.run(getattr(statuses, verb), FinalizeInvoice, invoice)
    assert words_ in words(page(visit, f"invoices/{invoice.id}"))


def test_a_credit_note_has_a_page_of_its_own(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.paid_invoice(customer, 3000)
    note = make.credit_note(invoice, 1000, credit_amount=1000, reason="duplicate", memo="Sorry.")
    html = page(visit, f"credit-notes/{note.id}")
    text = words(html)
    assert f"Credit note {note.number} Issued €10.00 added to your credit." in text
    assert "Goodwill 1 €10.00 €10.00" in text
    assert "Reason Charged twice" in text
    assert f'href="../invoices/{invoice.id}"' in html


@pytest.mark.parametrize(
    ("given", "words_"),
    [({"credit_amount": 1000}, "€10.00 added to your credit."), ({"out_of_band_amount": 1000}, "€10.00 given back.")],
)
def test_a_credit_note_says_where_the_money_went(
    make: Factories, customer: Customer, visit: Portal, given: Any, words_: str
) -> None:
    note = make.credit_note(make.paid_invoice(customer, 3000), 1000, **given)
    assert words_ in words(page(visit, f"credit-notes/{note.id}"))


def test_a_number_with_slashes_is_no_path(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.invoice(customer, number="RE/26/0815")
    said = visit.get(f"invoices/{invoice.id}/pdf").headers["Content-Disposition"]
    assert said == "attachment; filename=\"RE-26-0815.pdf\"; filename*=UTF-8''Invoice%20RE-26-0815.pdf"


def test_an_invoice_downloads_as_a_file(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.invoice(customer)
    answer = visit.get(f"invoices/{invoice.id}/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.mimetype == "application/pdf"
    name = f"attachment; filename=\"{invoice.number}.pdf\"; filename*=UTF-8''Invoice%20{invoice.number}.pdf"
    assert answer.headers["Content-Disposition"] == name
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_credit_note_downloads_as_a_file(make: Factories, customer: Customer, visit: Portal) -> None:
    note = make.credit_note(make.invoice(customer, 3000), 1000)
    answer = visit.get(f"credit-notes/{note.id}/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert f'filename="{note.number}.pdf"' in answer.headers["Content-Disposition"]


def test_hostile_texts_stay_texts(portal: Open, make: Factories) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}%s"
    customer = make.customer(name=hostile)
    invoice = make.invoice(customer, description=hostile, custom_fields=[{"name": "<b>", "value": "<i>"}])
    visit = portal(customer, make.configuration())
    for path in ("", "invoices", f"invoices/{invoice.id}"):
        html = page(visit, path)
        assert "<script>" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}%s" in html


def test_money_and_dates_are_written_as_the_customer_does(portal: Open, make: Factories) -> None:
    customer = make.customer(preferred_locales=["de"])
    invoice: Invoice = make.invoice(customer, 123456)
    html = page(portal(customer, make.configuration()))
    assert "1.234,56\xa0€" in html
    assert "21.11.2026" in html
    assert invoice.number in html
