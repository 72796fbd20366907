"""Ending a plan: what it says before, what it does once, and keeping the plan after all."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.subscriptions import cancellations, updates
from portal.billing.subscriptions.params import CancelSubscription, UpdateSubscription
from portal.models import BalanceTransaction, Customer, Invoice, InvoiceItem, Subscription
from tests import passing
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.plan_changes.pages import pay
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


def ending(mode: str = "at_period_end", proration: str = "none", **reason: Any) -> dict[str, Any]:
    asked = {"enabled": True, "options": ["too_expensive", "unused", "other"], **reason}
    feature = {"enabled": True, "mode": mode, "proration_behavior": proration, "cancellation_reason": asked}
    return {"subscription_cancel": feature}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    """Begun ten days ago, so that about two thirds of the month are left."""
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


def now_of(make: Factories, plan: Subscription) -> Subscription:
    with make.database.reading(make.scope) as db:
        found: Any = db.get(Subscription, (plan.tenant_id, plan.id))
    assert isinstance(found, Subscription)
    return found


def page_of(visit: Portal, plan: Subscription, path: str = "cancel") -> str:
    answer = visit.get(f"subscriptions/{plan.id}/{path}")
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def revision(page: str) -> str:
    found = re.search(r'name="revision"[^>]*value="(\d+)"', page)
    assert found
    return found[1]


def words_of(visit: Portal, plan: Subscription) -> str:
    return plain(page_of(visit, plan))


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split()).replace(" .", ".")


def unpaid_of(make: Factories, plan: Subscription) -> list[Invoice]:
    passing.pass_time(make, NOON)
    with make.database.reading(make.scope) as db:
        return db.query(Invoice).filter_by(subscription_id=plan.id, status="open").all()


def canceled(visit: Portal, plan: Subscription, **fields: str) -> Any:
    seen = revision(page_of(visit, plan))
    return visit.post(f"subscriptions/{plan.id}/cancel", **{"revision": seen, **fields})


def test_the_page_says_what_ends_and_when(visit: Portal, plan: Subscription) -> None:
    page = page_of(visit, plan)
    assert "Cancel <bdi>Gold plan</bdi>?" in page
    assert "Your plan stays until <strong>December 11, 2026</strong>" in page
    assert "Cancel <bdi>Gold plan</bdi> on December 11, 2026" in page


def test_at_the_periods_end(visit: Portal, plan: Subscription, make: Factories) -> None:
    answer = canceled(visit, plan, reason="unused", comment=" Too far away. ")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/subscriptions/{plan.id}/canceled")
    now = now_of(make, plan)
    assert (now.status, now.cancel_at_period_end, now.cancel_at) == ("active", True, plan.current_period_end)
    assert now.cancellation_details["feedback"] == "unused"
    assert now.cancellation_details["comment"] == "Too far away."


def test_the_confirmation_says_until_when_and_offers_a_way_back(visit: Portal, plan: Subscription) -> None:
    canceled(visit, plan)
    page = page_of(visit, plan, "canceled")
    assert "You can use it until <strong>December 11, 2026</strong>" in page
    assert "Keep my plan" in page


def test_a_reason_is_never_required(visit: Portal, plan: Subscription, make: Factories) -> None:
    assert canceled(visit, plan).status_code == 303
    details = now_of(make, plan).cancellation_details
    assert (details.get("feedback"), details.get("comment")) == (None, None)


@pytest.mark.parametrize("fields", [{"reason": "low_quality"}, {"reason": "<b>"}, {"comment": "x" * 501}])
def test_answers_that_can_not_be_given(
    visit: Portal, plan: Subscription, make: Factories, fields: dict[str, str]
) -> None:
    assert canceled(visit, plan, **fields).status_code == 400
    assert now_of(make, plan).cancel_at is None


def test_only_the_configured_reasons_are_asked(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    page = page_of(portal(customer, make.configuration(**ending(options=["too_complex"]))), plan)
    assert re.findall(r'type="radio" value="(\w+)"', page) == ["too_complex"]


def test_without_the_question_no_answer_is_taken(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    visit = portal(customer, make.configuration(**ending(enabled=False)))
    assert "Why are you canceling?" not in page_of(visit, plan)
    canceled(visit, plan, reason="unused", comment="Hello")
    assert "feedback" not in now_of(make, plan).cancellation_details


def test_at_once(portal: Open, make: Factories, plan: Subscription, customer: Customer) -> None:
    visit = portal(customer, make.configuration(**ending("immediately")))
    assert "<dd>None</dd>" in page_of(visit, plan)
    canceled(visit, plan, reason="unused")
    now = now_of(make, plan)
    assert (now.status, now.ended_at) == ("canceled", NOON)
    assert now.cancellation_details["feedback"] == "unused"
    assert "It ended on November 21, 2026." in page_of(visit, plan, "canceled")


def test_the_credit_shown_is_the_credit_given(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    visit = portal(customer, make.configuration(**ending("immediately", "always_invoice")))
    assert "€13.33" in page_of(visit, plan)
    canceled(visit, plan)
    with make.database.reading(make.scope) as db:
        (entry,) = db.query(BalanceTransaction).filter_by(customer_id=customer.id)
    assert entry.amount == -1333


def test_a_credit_that_waits_for_the_next_invoice(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    visit = portal(customer, make.configuration(**ending("immediately", "create_prorations")))
    assert "€13.33" in page_of(visit, plan)
    canceled(visit, plan)
    with make.database.reading(make.scope) as db:
        (item,) = db.query(InvoiceItem).filter_by(customer_id=customer.id, invoice_id=None)
    assert item.amount == -1333


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("proration", ["always_invoice", "create_prorations"])
def test_the_credit_is_named_with_its_tax(
    portal: Open, make: Factories, customer: Customer, inclusive: bool, proration: str
) -> None:
    """20.00 for 31 days, of which 20.67 are left: 13.33, and 2.53 of tax on top unless that is in the price."""
    rate = make.tax_rate(percentage=19, inclusive=inclusive)
    plan = make.subscription(customer, now=NOON - 10 * clock.DAY, default_tax_rates=[rate.id])
    visit = portal(customer, make.configuration(**ending("immediately", proration)))
    credit, tax = ("€13.33", "€2.13") if inclusive else ("€15.86", "€2.53")
    assert f"Credit for the unused time {credit} {tax} tax included" in words_of(visit, plan)
    canceled(visit, plan)
    with make.database.reading(make.scope) as db:
        given = sum(
            -each.total for each in db.query(Invoice).filter(Invoice.subscription_id == plan.id, Invoice.total < 0)
        )
    if proration == "create_prorations":
        given = -make.draft(customer, subscription=plan.id, pending_invoice_items_behavior="include").total
    assert f"€{given / 100}" == credit


def test_what_is_pending_is_named_with_its_tax_and_apart_from_the_credit(
    portal: Open, make: Factories, customer: Customer
) -> None:
    rate = make.tax_rate(percentage=19)
    plan = make.subscription(customer, now=NOON - 10 * clock.DAY, default_tax_rates=[rate.id])
    for amount in (5000, -1000):
        item = {"customer": customer.id, "subscription": plan.id, "amount": amount, "currency": "eur"}
        make.run(invoiceitems.create, CreateInvoiceItem, **item)
    page = words_of(portal(customer, make.configuration(**ending("immediately", "always_invoice"))), plan)
    assert "Credit for the unused time €15.86 €2.53 tax included" in page
    assert "Not billed yet €47.60 €7.60 tax included" in page
    assert "Last bill €31.74" in page


@pytest.mark.parametrize("mode", ["at_period_end", "immediately"])
def test_an_open_invoice_stays_to_be_paid_and_is_named(
    portal: Open, make: Factories, customer: Customer, mode: str
) -> None:
    kind = {"collection_method": "send_invoice", "days_until_due": 14}
    plan = make.subscription(customer, now=NOON - 10 * clock.DAY, **kind)
    visit = portal(customer, make.configuration(**ending(mode)))
    (invoice,) = unpaid_of(make, plan)
    named = f"Still to pay Invoice {invoice.number} : €20.00 to pay by November 25, 2026."
    for path in ("cancel", "canceled"):
        page = page_of(visit, plan, path)
        assert named in plain(page)
        assert f'href="/p/{visit.session_id}/invoices/{invoice.id}"' in page
        assert "charged again" not in page
        if path == "cancel":
            canceled(visit, plan)


def test_a_bill_that_is_still_being_made_is_named_unless_the_end_stops_it(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    said = "An invoice of €20.00 is still being made."
    assert said not in words_of(portal(customer, make.configuration(**ending("immediately"))), plan)
    visit = portal(customer, make.configuration(**ending()))
    assert said in words_of(visit, plan)
    canceled(visit, plan)
    assert said in plain(page_of(visit, plan, "canceled"))


def test_the_bill_that_an_end_makes_is_named_after_it(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    item = {"customer": customer.id, "subscription": plan.id, "amount": 5000, "currency": "eur"}
    make.run(invoiceitems.create, CreateInvoiceItem, **item)
    visit = portal(customer, make.configuration(**ending("immediately", "always_invoice")))
    assert "Still to pay" not in page_of(visit, plan)
    canceled(visit, plan)
    page = plain(page_of(visit, plan, "canceled"))
    assert re.search(r"Still to pay Invoice \S+ ?: €36\.67 to pay", page)
    assert "charged again" not in page


def test_an_open_invoice_is_named_without_a_link_where_invoices_are_not_shown(
    portal: Open, make: Factories, customer: Customer
) -> None:
    kind = {"collection_method": "send_invoice", "days_until_due": 5}
    plan = make.subscription(customer, now=NOON - 10 * clock.DAY, **kind)
    (invoice,) = unpaid_of(make, plan)
    page = page_of(portal(customer, make.configuration(**ending(), invoice_history={"enabled": False})), plan)
    assert f"Invoice {invoice.number} : €20.00 was due on November 16, 2026." in plain(page)
    assert invoice.id not in page


def test_a_visit_for_the_end_alone_leads_to_the_open_invoice_by_its_own_link(
    portal: Open, make: Factories, customer: Customer, client: FlaskClient
) -> None:
    kind = {"collection_method": "send_invoice", "days_until_due": 14}
    plan = make.subscription(customer, now=NOON - 10 * clock.DAY, **kind)
    (invoice,) = unpaid_of(make, plan)
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": plan.id}}
    page = page_of(portal(customer, make.configuration(**ending()), flow_data=flow), plan)
    found = re.search(rf'href="([^"]+)"><bdi>{invoice.number}', page)
    assert found
    assert invoice.number in client.get(found[1]).get_data(as_text=True)


def test_a_plan_that_changed_is_shown_again_instead(visit: Portal, plan: Subscription, make: Factories) -> None:
    seen = revision(page_of(visit, plan))
    make.run(updates.update_subscription, UpdateSubscription, plan, description="Changed")
    answer = visit.post(f"subscriptions/{plan.id}/cancel", revision=seen)
    assert answer.status_code == 409
    assert "Nothing was canceled yet." in answer.get_data(as_text=True)
    assert now_of(make, plan).cancel_at is None
    assert revision(answer.get_data(as_text=True)) == str(now_of(make, plan).revision)


@pytest.mark.parametrize("mode", ["at_period_end", "immediately"])
def test_a_double_click_does_it_once_and_says_so(
    portal: Open, make: Factories, plan: Subscription, customer: Customer, mode: str
) -> None:
    visit = portal(customer, make.configuration(**ending(mode, "always_invoice")))
    seen = revision(page_of(visit, plan))
    visit.post(f"subscriptions/{plan.id}/cancel", revision=seen)
    once, token = now_of(make, plan).revision, visit.token()
    again = visit.post(f"subscriptions/{plan.id}/cancel", token=False, csrf_token=token, revision=seen)
    assert again.status_code == 303
    assert "Nothing was done twice." in page_of(visit, plan, "canceled")
    assert now_of(make, plan).revision == once


@pytest.mark.parametrize("mode", ["at_period_end", "immediately"])
def test_two_clicks_at_the_same_moment_both_see_the_end(
    portal: Open, make: Factories, plan: Subscription, customer: Customer, mode: str
) -> None:
    visit = portal(customer, make.configuration(**ending(mode, "always_invoice")))
    seen = revision(page_of(visit, plan))
    answers = click_twice(make, customer, visit, f"subscriptions/{plan.id}/cancel", revision=seen)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.location.rpartition("/")[2] for answer in answers} == {"canceled"}
    assert page_of(visit, plan, "canceled")


def test_a_plan_that_has_ended_elsewhere_is_gone(portal: Open, make: Factories, plan: Subscription) -> None:
    other = portal(make.customer(), make.configuration(**ending("immediately")))
    make.run(cancellations.cancel, CancelSubscription, plan)
    assert other.get(f"subscriptions/{plan.id}/cancel").status_code == 404


def test_the_plan_can_be_kept_until_it_ends(visit: Portal, plan: Subscription, make: Factories) -> None:
    canceled(visit, plan, reason="unused")
    assert visit.post(f"subscriptions/{plan.id}/resume").status_code == 303
    now = now_of(make, plan)
    assert (now.cancel_at_period_end, now.cancel_at, now.canceled_at) == (False, None, None)
    assert "It renews on December 11, 2026." in visit.get().get_data(as_text=True)


def test_keeping_it_twice_is_as_good_as_once(visit: Portal, plan: Subscription, make: Factories) -> None:
    canceled(visit, plan)
    for _ in range(2):
        assert visit.post(f"subscriptions/{plan.id}/resume").status_code == 303
    assert now_of(make, plan).cancel_at is None


def test_an_end_that_was_agreed_upon_stays(visit: Portal, plan: Subscription, make: Factories) -> None:
    make.run(updates.update_subscription, UpdateSubscription, plan, cancel_at=NOON + clock.DAY)
    assert "Keep my plan" not in page_of(visit, plan, "canceled")
    visit.post(f"subscriptions/{plan.id}/resume")
    assert now_of(make, plan).cancel_at == NOON + clock.DAY


@pytest.mark.parametrize("path", ["cancel", "canceled", "resume"])
def test_another_customers_plan_does_not_exist(visit: Portal, make: Factories, path: str) -> None:
    other = make.subscription(make.customer())
    asked = visit.get if path == "canceled" else visit.post
    assert asked(f"subscriptions/{other.id}/{path}").status_code == 404
    assert now_of(make, other).cancel_at is None


@pytest.mark.parametrize("path", ["cancel", "canceled", "resume"])
def test_a_plan_that_has_ended_does_not_exist(visit: Portal, plan: Subscription, make: Factories, path: str) -> None:
    make.run(cancellations.cancel, CancelSubscription, plan)
    asked = visit.get if path == "canceled" else visit.post
    assert asked(f"subscriptions/{plan.id}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["cancel", "canceled", "resume"])
def test_without_the_feature_there_is_no_such_page(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, path: str
) -> None:
    visit = portal(customer, make.configuration(subscription_cancel={"enabled": False}))
    asked = visit.get if path == "canceled" else visit.post
    assert asked(f"subscriptions/{plan.id}/{path}").status_code == 404
    assert now_of(make, plan).cancel_at is None


def test_a_plan_that_goes_on_has_no_confirmation(visit: Portal, plan: Subscription) -> None:
    assert visit.get(f"subscriptions/{plan.id}/canceled").status_code == 303


def test_a_trial_ends_without_a_charge(visit: Portal, make: Factories, customer: Customer) -> None:
    trial = make.subscription(customer, trial_period_days=7)
    page = page_of(visit, trial)
    assert "Your trial goes on until <strong>November 28, 2026</strong>" in page
    assert "You won&#39;t be charged." in page.replace("won't", "won&#39;t")


def test_a_reason_of_the_merchants_own(
    api: Api, portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    own, gone = (api.post("billing/feedback_options", description=words) for words in ("I <b>moved</b>", "Old"))
    options = {"options": ["unused", "other"], "feedback_options": [gone["id"], own["id"]]}
    visit = portal(customer, make.configuration(**ending(**options)))
    api.post(f"billing/feedback_options/{gone['id']}/deactivate")
    page = page_of(visit, plan)
    assert re.findall(r'type="radio" value="(\w+)"', page) == ["unused", own["id"], "other"]
    assert "I &lt;b&gt;moved&lt;/b&gt;" in page
    assert canceled(visit, plan, reason=gone["id"]).status_code == 400
    canceled(visit, plan, reason=own["id"], comment="To the sea")
    details = now_of(make, plan).cancellation_details
    assert (details["feedback_option"], details["comment"], details.get("feedback")) == (own["id"], "To the sea", None)


def test_an_end_in_a_later_period_says_its_last_bill(visit: Portal, plan: Subscription, make: Factories) -> None:
    """The plan costs 20.00 a month; ten of 31 days of the last one are billed."""
    passing.pass_time(make, NOON)
    pay(make, plan)
    end = plan.current_period_end + 10 * clock.DAY
    make.run(updates.update_subscription, UpdateSubscription, plan, cancel_at=end)
    page = page_of(visit, plan, "canceled")
    assert "Its last bill is for the time until then." in page
    assert re.search(r"€6\.45</bdi> on December 11, 2026", page)
    assert "Its last bill is for the time until then." in visit.get().get_data(as_text=True)
    make.run(updates.update_subscription, UpdateSubscription, plan, cancel_at=NOON + clock.DAY, now=NOON)
    assert "You won't be charged again." in html.unescape(page_of(visit, plan, "canceled"))
    assert "It won't renew." in html.unescape(visit.get().get_data(as_text=True))


def test_what_is_not_billed_any_more_is_said(visit: Portal, plan: Subscription, make: Factories) -> None:
    passing.pass_time(make, NOON)
    pay(make, plan)
    page = words_of(visit, plan)
    assert "Not billed any more €20.00 on December 11, 2026" in page
    assert "You won't be charged again." in page
    assert "Last bill" not in page


def test_a_last_bill_is_announced_as_it_will_be(
    visit: Portal, plan: Subscription, make: Factories, customer: Customer
) -> None:
    item = {"customer": customer.id, "subscription": plan.id, "amount": 700, "currency": "eur"}
    make.run(invoiceitems.create, CreateInvoiceItem, **item)
    page = words_of(visit, plan)
    assert "A last bill is made for the time until then." in page
    assert "Last bill €7.00 on December 11, 2026" in page
    assert "You won't be charged again." not in page
    canceled(visit, plan)
    passing.pass_time(make, plan.current_period_end + clock.DAY)
    with make.database.reading(make.scope) as db:
        bills = db.query(Invoice).filter_by(subscription_id=plan.id).order_by(Invoice.created).all()
    assert bills[-1].amount_due == 700


def test_an_end_at_once_says_what_it_bills_and_what_it_spares(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    item = {"customer": customer.id, "subscription": plan.id, "amount": 5000, "currency": "eur"}
    make.run(invoiceitems.create, CreateInvoiceItem, **item)
    visit = portal(customer, make.configuration(**ending("immediately", "always_invoice")))
    page = words_of(visit, plan)
    assert "Last bill €36.67 on November 21, 2026" in page
    assert "Not billed any more €20.00 on December 11, 2026" in page
    canceled(visit, plan)
    with make.database.reading(make.scope) as db:
        bills = db.query(Invoice).filter_by(subscription_id=plan.id).order_by(Invoice.created).all()
    assert bills[-1].amount_due == 3667


@pytest.mark.parametrize("proration", ["none", "create_prorations"])
def test_what_an_end_at_once_leaves_pending_stays_owed(
    portal: Open, make: Factories, plan: Subscription, customer: Customer, proration: str
) -> None:
    item = {"customer": customer.id, "subscription": plan.id, "amount": 700, "currency": "eur"}
    make.run(invoiceitems.create, CreateInvoiceItem, **item)
    visit = portal(customer, make.configuration(**ending("immediately", proration)))
    page = words_of(visit, plan)
    assert "Not billed yet €7.00" in page
    assert "What is not billed yet comes with your next invoice." in page
    assert "Not billed any more €20.00 on December 11, 2026" in page
    canceled(visit, plan)
    ended = plain(page_of(visit, plan, "canceled"))
    assert "What is not billed yet comes with your next invoice." in ended
    assert "won't be charged" not in ended
