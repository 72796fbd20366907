"""No call that writes can forget its event: each is made once, and what it leaves is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.api.endpoint import ANSWER_TYPES, CALLS
from portal.billing.accounts import rendering_templates
from portal.rules.event_types import DOCUMENTED_TYPES
from portal.rules.events import PORTAL_EVENTS, WITHOUT_EVENTS
from portal.wire.commands import ExpandableCommand
from tests import debits, disputing, refunding
from tests.passing import pass_time
from tests.pictures import picture
from tests.statements_of_banks import OWN_IBAN, Transfer, camt

#: What a call is made with: the path, and what is sent.
Call = tuple[str, dict[str, Any]]

#: Calls that change nothing.
CHANGE_NOTHING = {
    ("POST", "/events/<id>/retry"): "what happened is told once more",
    ("POST", "/invoices/create_preview"): "made in a transaction that is always rolled back",
    ("POST", "/webhook_endpoints/<id>/replay"): "what happened is told once more",
}
#: Calls that leave no event, although others of their type do.
AUDIT_ONLY = {
    ("POST", "/checkout/sessions"): "no such event",
    ("POST", "/checkout/sessions/<id>"): "no such event",
    ("POST", "/invoiceitems/<id>"): "no such event",
    ("POST", "/payment_methods"): "no such event",
    ("POST", "/quotes/<id>"): "no such event",
    ("POST", "/setup_intents/<id>"): "no such event",
    ("POST", "/tax_ids"): "a tax id of the account itself",
}
#: Calls that leave an event, although their type has none.
CHANGE_OTHERS = {
    ("POST", "/credit_transfer_files"): "its refunds name it",
    ("POST", "/customers/<customer>/balance_transactions"): "the customer's balance is another",
    ("POST", "/payment_records/<id>/report_refund"): "the refund is an object of its own",
}
PAYMENT = {
    "amount_requested": {"value": 300, "currency": "eur"},
    "payment_method_details": {"type": "custom"},
    "initiated_at": 1,
}
ITEM = {"unit_amount": 1000, "currency": "eur"}


def _items(make: Any) -> dict[str, Any]:
    return {"items": [{"price": make.price().id}]}


def _quote(api: Any, make: Any, *, final: bool = False) -> str:
    sent = {"customer": make.customer().id, "line_items": [{"price": make.price().id}]}
    quote = api.post("quotes", collection_method="send_invoice", invoice_settings={"days_until_due": 7}, **sent)
    if final:
        api.post(f"quotes/{quote['id']}/finalize")
    return f"quotes/{quote['id']}"


def _checkout(api: Any, make: Any, *, sends: bool = False) -> Call:
    """A checkout session's path, or with `sends` what makes one."""
    debits.begin_collecting(make)
    sent = {"mode": "subscription", "line_items": [{"price": make.price().id}]}
    if sends:
        return "checkout/sessions", sent
    return f"checkout/sessions/{api.post('checkout/sessions', **sent)['id']}", {}


def _payment_link(api: Any, make: Any, *, sends: bool = False) -> Call:
    """A payment link's path and a change of it, or with `sends` what makes one."""
    debits.begin_collecting(make)
    sent = {"line_items": [{"price": make.price().id}]}
    if sends:
        return "payment_links", sent
    return f"payment_links/{api.post('payment_links', **sent)['id']}", {"active": False}


def _schedule(api: Any, make: Any) -> str:
    made = api.post("subscription_schedules", from_subscription=make.subscription().id)
    return f"subscription_schedules/{made['id']}"


def _clock(api: Any) -> str:
    return f"test_helpers/test_clocks/{api.post('test_helpers/test_clocks', frozen_time=clock.now())['id']}"


def _tax_id(api: Any, make: Any, *, own: bool = False) -> Any:
    path = f"customers/{make.customer().id}/tax_ids"
    made = api.post(path, type="eu_vat", value="DE123456789")
    return f"{path}/{made['id']}" if own else f"tax_ids/{made['id']}"


def _contact(api: Any, make: Any) -> str:
    path = f"customers/{make.customer().id}/contacts"
    return f"{path}/{api.post(path, email='lea@example.com', role='accountant')['id']}"


def _discounted(make: Any) -> dict[str, Any]:
    return {"discounts": [{"coupon": make.coupon().id}]}


def _subscription_item(api: Any, make: Any, *, more: bool = False) -> str:
    path = f"subscriptions/{make.subscription().id}"
    if more:
        api.post(path, items=[{"price": make.price().id}])
    return f"subscription_items/{api.get(path)['items']['data'][-1]['id']}"


def _customer_with_coupon(api: Any, make: Any) -> str:
    path = f"customers/{make.customer().id}"
    api.post(path, coupon=make.coupon().id)
    return path


def _balance(api: Any, make: Any) -> str:
    path = f"customers/{make.customer().id}/balance_transactions"
    return f"{path}/{api.post(path, amount=-500, currency='eur')['id']}"


def _option(api: Any) -> str:
    return f"billing/feedback_options/{api.post('billing/feedback_options', description='Moved away')['id']}"


def _statement(api: Any) -> bytes:
    bank = {"invoices": {"bank_transfer": {"iban": OWN_IBAN}}}
    api.post("account", default_currency="eur", settings=bank)
    return camt(Transfer(700, "thanks"))


def _transfer(api: Any, *, used: bool = False) -> str:
    statement = api.post("bank_statements", upload=("a.xml", _statement(api)))["id"]
    path = f"bank_transactions/{api.get('bank_transactions', bank_statement=statement)['data'][0]['id']}"
    if used:
        api.post(f"{path}/assign", set_aside=True)
    return path


def _refund(api: Any, make: Any) -> str:
    return f"refunds/{api.post('refunds', payment_record=refunding.transferred(api, make))['id']}"


def _payout(api: Any, make: Any, verb: str) -> tuple[str, dict[str, Any]]:
    api.post("account", default_currency="eur", settings={"invoices": {"bank_transfer": refunding.OWN_ACCOUNT}})
    return f"refunds/{refunding.asked_payout(make, api.client.application.extensions['portal'].seal)}/{verb}", {}


def _due_debit(api: Any, make: Any) -> dict[str, Any]:
    customer = make.customer()
    debits.begin_collecting(make, prenotification_days=1)
    debits.sign(make, api.client.application.extensions["portal"].seal, customer)
    make.invoice(customer, auto_advance=True)
    return {}


def _file(api: Any) -> Any:
    return api.post("files", purpose="business_logo", upload=("a.png", picture()))


def _session(api: Any, make: Any) -> str:
    return f"billing_portal/sessions/{api.post('billing_portal/sessions', customer=make.customer().id)['id']}"


def _note(make: Any) -> str:
    return f"credit_notes/{make.credit_note(make.invoice(), 500).id}"


def _waiting_notice(make: Any) -> str:
    notice = make.cancellation_notice()
    make.leave_notice(notice.id)
    return str(notice.id)


def _paused(make: Any) -> str:
    trial = {"trial_period_days": 7, "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}}
    kind = {"collection_method": "charge_automatically", "days_until_due": None}
    paused = make.subscription(now=clock.now() - 8 * clock.DAY, **trial, **kind)
    pass_time(make, clock.now())
    return f"subscriptions/{paused.id}"


def _line(api: Any, make: Any) -> tuple[str, str]:
    path = f"invoices/{make.draft().id}"
    return path, api.get(path)["lines"]["data"][0]["id"]


def _template(make: Any, *, archived: bool = False) -> str:
    with make.database.writing(make.scope) as db:
        command = rendering_templates.AddTemplate({"style.css": b"p {}"})
        template = rendering_templates.add(db, command, now=clock.now())
        if archived:
            rendering_templates.archive(db, template, ExpandableCommand(), now=clock.now())
    return f"invoice_rendering_templates/{template.id}"


def _removal(api: Any, make: Any) -> Call:
    path, line = _line(api, make)
    return f"{path}/remove_lines", {"lines": [{"id": line, "behavior": "delete"}]}


def _payment_method(api: Any, make: Any, *, attached: bool = False) -> str:
    account = {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}}
    made = api.post("payment_methods", **account, billing_details={"name": "Jenny Rosen"})["id"]
    if attached:
        api.post(f"payment_methods/{made}/attach", customer=make.customer().id)
    return str(made)


def _setup_intent(api: Any, make: Any) -> str:
    made = api.post("setup_intents", customer=make.customer().id, payment_method=_payment_method(api, make))
    return f"setup_intents/{made['id']}"


MANDATE = {"customer_acceptance": {"type": "offline"}}


def _payment(api: Any, **outcome: Any) -> str:
    return str(api.post("payment_records/report_payment", **PAYMENT, **outcome)["id"])


RECEIVER = {"url": "https://example.com/hooks", "enabled_events": ["*"]}


def _endpoint(api: Any) -> str:
    return f"webhook_endpoints/{api.post('webhook_endpoints', **RECEIVER)['id']}"


def _event(api: Any, make: Any) -> str:
    _endpoint(api)
    make.customer()
    return f"events/{api.get('events')['data'][0]['id']}"


NEW = {"metadata": {"new": "1"}}
#: How each call is made. A call that is missing here fails below.
MADE: dict[tuple[str, str], Callable[[Any, Any], Call]] = {
    ("DELETE", "/coupons/<id>"): lambda api, make: (f"coupons/{make.coupon().id}", {}),
    ("DELETE", "/customers/<customer>/contacts/<id>"): lambda api, make: (_contact(api, make), {}),
    ("DELETE", "/customers/<customer>/tax_ids/<id>"): lambda api, make: (_tax_id(api, make, own=True), {}),
    ("DELETE", "/customers/<id>"): lambda api, make: (f"customers/{make.customer().id}", {}),
    ("DELETE", "/customers/<id>/discount"): lambda api, make: (f"{_customer_with_coupon(api, make)}/discount", {}),
    ("DELETE", "/invoiceitems/<id>"): lambda api, make: (f"invoiceitems/{make.item(make.customer(), 500).id}", {}),
    ("DELETE", "/invoices/<id>"): lambda api, make: (f"invoices/{make.draft().id}", {}),
    ("DELETE", "/plans/<id>"): lambda api, make: (f"plans/{make.price().id}", {}),
    ("DELETE", "/products/<id>"): lambda api, make: (f"products/{make.product().id}", {}),
    ("DELETE", "/subscription_items/<id>"): lambda api, make: (_subscription_item(api, make, more=True), {}),
    ("DELETE", "/subscriptions/<id>"): lambda api, make: (f"subscriptions/{make.subscription().id}", {}),
    ("DELETE", "/subscriptions/<id>/discount"): lambda api, make: (
        f"subscriptions/{make.subscription(**_discounted(make)).id}/discount",
        {},
    ),
    ("DELETE", "/tax_ids/<id>"): lambda api, make: (_tax_id(api, make), {}),
    ("DELETE", "/test_helpers/test_clocks/<id>"): lambda api, make: (_clock(api), {}),
    ("POST", "/account"): lambda api, make: ("account", NEW),
    ("POST", "/accounts/<id>"): lambda api, make: (f"accounts/{make.scope.account_id}", NEW),
    ("POST", "/bank_statements"): lambda api, make: (
        "bank_statements",
        {"upload": ("a.xml", _statement(api))},
    ),
    ("POST", "/bank_transactions/<id>/assign"): lambda api, make: (f"{_transfer(api)}/assign", {"set_aside": True}),
    ("POST", "/bank_transactions/<id>/reverse"): lambda api, make: (f"{_transfer(api, used=True)}/reverse", {}),
    ("POST", "/credit_transfer_files"): lambda api, make: (
        "credit_transfer_files" if _refund(api, make) else "",
        {},
    ),
    ("POST", "/payment_method_configurations"): lambda api, make: ("payment_method_configurations", {"name": "Cards"}),
    ("POST", "/payment_method_configurations/<id>"): lambda api, make: (
        f"payment_method_configurations/{api.post('payment_method_configurations')['id']}",
        {"active": False},
    ),
    ("POST", "/payment_records/<id>/report_refund"): lambda api, make: (
        f"payment_records/{refunding.transferred(api, make)}/report_refund",
        {"outcome": "refunded", "processor_details": {"type": "custom"}},
    ),
    ("POST", "/disputes/<id>"): lambda api, make: (f"disputes/{disputing.disputed(make)}", NEW),
    ("POST", "/disputes/<id>/close"): lambda api, make: (f"disputes/{disputing.disputed(make)}/close", {}),
    ("POST", "/direct_debit_files"): lambda api, make: ("direct_debit_files", _due_debit(api, make)),
    ("POST", "/billing/feedback_options"): lambda api, make: ("billing/feedback_options", {"description": "Moved"}),
    ("POST", "/billing/feedback_options/<id>"): lambda api, make: (_option(api), {"description": "Moved on"}),
    ("POST", "/billing/feedback_options/<id>/deactivate"): lambda api, make: (f"{_option(api)}/deactivate", {}),
    ("POST", "/billing_portal/configurations"): lambda api, make: (
        "billing_portal/configurations",
        {"features": {"invoice_history": {"enabled": True}}},
    ),
    ("POST", "/billing_portal/configurations/<id>"): lambda api, make: (
        f"billing_portal/configurations/{make.configuration().id}",
        NEW,
    ),
    ("POST", "/billing_portal/sessions"): lambda api, make: (
        "billing_portal/sessions",
        {"customer": make.customer().id},
    ),
    ("POST", "/billing_portal/sessions/<id>/expire"): lambda api, make: (f"{_session(api, make)}/expire", {}),
    ("POST", "/coupons"): lambda api, make: ("coupons", {"percent_off": 10, "duration": "once"}),
    ("POST", "/coupons/<id>"): lambda api, make: (f"coupons/{make.coupon().id}", NEW),
    ("POST", "/credit_notes"): lambda api, make: ("credit_notes", {"invoice": make.invoice().id, "amount": 300}),
    ("POST", "/credit_notes/<id>"): lambda api, make: (_note(make), NEW),
    ("POST", "/credit_notes/<id>/void"): lambda api, make: (f"{_note(make)}/void", {}),
    ("POST", "/customers"): lambda api, make: ("customers", {"name": "Jenny"}),
    ("POST", "/customers/<customer>/balance_transactions"): lambda api, make: (
        f"customers/{make.customer().id}/balance_transactions",
        {"amount": -500, "currency": "eur"},
    ),
    ("POST", "/customers/<customer>/balance_transactions/<id>"): lambda api, make: (_balance(api, make), NEW),
    ("POST", "/customers/<customer>/contacts"): lambda api, make: (
        f"customers/{make.customer().id}/contacts",
        {"email": "lea@example.com", "role": "owner"},
    ),
    ("POST", "/customers/<customer>/contacts/<id>"): lambda api, make: (_contact(api, make), NEW),
    ("POST", "/customers/<customer>/contacts/<id>/invite"): lambda api, make: (f"{_contact(api, make)}/invite", {}),
    ("POST", "/customers/<customer>/tax_ids"): lambda api, make: (
        f"customers/{make.customer().id}/tax_ids",
        {"type": "eu_vat", "value": "DE123456789"},
    ),
    ("POST", "/customers/<id>"): lambda api, make: (f"customers/{make.customer().id}", NEW),
    ("POST", "/file_links"): lambda api, make: ("file_links", {"file": _file(api)["id"]}),
    ("POST", "/file_links/<id>"): lambda api, make: (
        f"file_links/{api.post('file_links', file=_file(api)['id'])['id']}",
        NEW,
    ),
    ("POST", "/files"): lambda api, make: ("files", {"purpose": "business_logo", "upload": ("a.png", picture())}),
    ("POST", "/invoice_rendering_templates/<id>/archive"): lambda api, make: (f"{_template(make)}/archive", {}),
    ("POST", "/invoice_rendering_templates/<id>/unarchive"): lambda api, make: (
        f"{_template(make, archived=True)}/unarchive",
        {},
    ),
    ("POST", "/invoiceitems"): lambda api, make: (
        "invoiceitems",
        {"customer": make.customer().id, "amount": 500, "currency": "eur"},
    ),
    ("POST", "/invoiceitems/<id>"): lambda api, make: (f"invoiceitems/{make.item(make.customer(), 500).id}", NEW),
    ("POST", "/invoices"): lambda api, make: ("invoices", {"customer": make.customer().id}),
    ("POST", "/invoices/<id>"): lambda api, make: (f"invoices/{make.draft().id}", NEW),
    ("POST", "/invoices/<id>/add_lines"): lambda api, make: (
        f"invoices/{make.draft().id}/add_lines",
        {"lines": [{"amount": 500}]},
    ),
    ("POST", "/invoices/<id>/lines/<line>"): lambda api, make: ("/lines/".join(_line(api, make)), {"amount": 7}),
    ("POST", "/invoices/<id>/remove_lines"): _removal,
    ("POST", "/invoices/<id>/update_lines"): lambda api, make: (
        f"{(found := _line(api, make))[0]}/update_lines",
        {"lines": [{"id": found[1], "amount": 7}]},
    ),
    ("POST", "/invoices/<id>/attach_payment"): lambda api, make: (
        f"invoices/{make.invoice().id}/attach_payment",
        {"payment_record": _payment(api, outcome="guaranteed", guaranteed={"guaranteed_at": 2})},
    ),
    ("POST", "/invoices/<id>/correct"): lambda api, make: (
        f"invoices/{make.paid_invoice().id}/correct",
        {"name": "Rosen AG"},
    ),
    ("POST", "/invoices/<id>/finalize"): lambda api, make: (f"invoices/{make.draft().id}/finalize", {}),
    ("POST", "/invoices/<id>/mark_uncollectible"): lambda api, make: (
        f"invoices/{make.invoice().id}/mark_uncollectible",
        {},
    ),
    ("POST", "/invoices/<id>/pay"): lambda api, make: (
        f"invoices/{make.invoice().id}/pay",
        {"paid_out_of_band": True},
    ),
    ("POST", "/invoices/<id>/send"): lambda api, make: (f"invoices/{make.draft().id}/send", {}),
    ("POST", "/invoices/<id>/void"): lambda api, make: (f"invoices/{make.invoice().id}/void", {}),
    ("POST", "/invoices/create_preview"): lambda api, make: (
        "invoices/create_preview",
        {"subscription": make.subscription().id},
    ),
    ("POST", "/payment_methods"): lambda api, make: (
        "payment_methods",
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE89370400440532013000"},
            "billing_details": {"name": "Jenny Rosen"},
        },
    ),
    ("POST", "/payment_methods/<id>"): lambda api, make: (
        f"payment_methods/{_payment_method(api, make, attached=True)}",
        {"metadata": {"a": "b"}},
    ),
    ("POST", "/payment_methods/<id>/attach"): lambda api, make: (
        f"payment_methods/{_payment_method(api, make)}/attach",
        {"customer": make.customer().id},
    ),
    ("POST", "/payment_methods/<id>/detach"): lambda api, make: (
        f"payment_methods/{_payment_method(api, make, attached=True)}/detach",
        {},
    ),
    ("POST", "/refunds"): lambda api, make: ("refunds", {"payment_record": refunding.transferred(api, make)}),
    ("POST", "/refunds/<id>"): lambda api, make: (_refund(api, make), NEW),
    ("POST", "/refunds/<id>/approve"): lambda api, make: _payout(api, make, "approve"),
    ("POST", "/refunds/<id>/cancel"): lambda api, make: _payout(api, make, "cancel"),
    ("POST", "/setup_intents"): lambda api, make: ("setup_intents", {"customer": make.customer().id}),
    ("POST", "/setup_intents/<id>"): lambda api, make: (_setup_intent(api, make), {"description": "x"}),
    ("POST", "/setup_intents/<id>/confirm"): lambda api, make: (
        f"{_setup_intent(api, make)}/confirm",
        {"mandate_data": MANDATE},
    ),
    ("POST", "/setup_intents/<id>/cancel"): lambda api, make: (f"{_setup_intent(api, make)}/cancel", {}),
    ("POST", "/payment_records/<id>/report_payment_attempt_canceled"): lambda api, make: (
        f"payment_records/{_payment(api)}/report_payment_attempt_canceled",
        {"canceled_at": 2},
    ),
    ("POST", "/payment_records/<id>/report_payment_attempt_failed"): lambda api, make: (
        f"payment_records/{_payment(api)}/report_payment_attempt_failed",
        {"failed_at": 2},
    ),
    ("POST", "/payment_records/<id>/report_payment_attempt_guaranteed"): lambda api, make: (
        f"payment_records/{_payment(api)}/report_payment_attempt_guaranteed",
        {"guaranteed_at": 2},
    ),
    ("POST", "/payment_records/report_payment"): lambda api, make: ("payment_records/report_payment", PAYMENT),
    ("POST", "/plans"): lambda api, make: (
        "plans",
        {"product": make.product().id, "amount": 1000, "currency": "eur", "interval": "month"},
    ),
    ("POST", "/plans/<id>"): lambda api, make: (f"plans/{make.price().id}", NEW),
    ("POST", "/prices"): lambda api, make: ("prices", {"product": make.product().id, **ITEM}),
    ("POST", "/prices/<id>"): lambda api, make: (f"prices/{make.price().id}", NEW),
    ("POST", "/products"): lambda api, make: ("products", {"name": "Gold"}),
    ("POST", "/products/<id>"): lambda api, make: (f"products/{make.product().id}", NEW),
    ("POST", "/promotion_codes"): lambda api, make: ("promotion_codes", {"coupon": make.coupon().id}),
    ("POST", "/promotion_codes/<id>"): lambda api, make: (f"promotion_codes/{make.promotion_code().id}", NEW),
    ("POST", "/checkout/sessions"): lambda api, make: _checkout(api, make, sends=True),
    ("POST", "/checkout/sessions/<id>"): lambda api, make: (_checkout(api, make)[0], NEW),
    ("POST", "/checkout/sessions/<id>/expire"): lambda api, make: (f"{_checkout(api, make)[0]}/expire", {}),
    ("POST", "/payment_links"): lambda api, make: _payment_link(api, make, sends=True),
    ("POST", "/payment_links/<id>"): _payment_link,
    ("POST", "/quotes"): lambda api, make: ("quotes", {"customer": make.customer().id}),
    ("POST", "/quotes/<id>"): lambda api, make: (_quote(api, make), NEW),
    ("POST", "/quotes/<id>/accept"): lambda api, make: (f"{_quote(api, make, final=True)}/accept", {}),
    ("POST", "/quotes/<id>/cancel"): lambda api, make: (f"{_quote(api, make)}/cancel", {}),
    ("POST", "/quotes/<id>/finalize"): lambda api, make: (f"{_quote(api, make)}/finalize", {}),
    ("POST", "/shipping_rates"): lambda api, make: (
        "shipping_rates",
        {"display_name": "Ground", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "eur"}},
    ),
    ("POST", "/shipping_rates/<id>"): lambda api, make: (f"shipping_rates/{make.shipping_rate().id}", NEW),
    ("POST", "/subscription_items"): lambda api, make: (
        "subscription_items",
        {"subscription": make.subscription().id, "price": make.price().id},
    ),
    ("POST", "/subscription_items/<id>"): lambda api, make: (_subscription_item(api, make), {"quantity": 2}),
    ("POST", "/subscription_schedules"): lambda api, make: (
        "subscription_schedules",
        {"from_subscription": make.subscription().id},
    ),
    ("POST", "/subscription_schedules/<id>"): lambda api, make: (_schedule(api, make), NEW),
    ("POST", "/subscription_schedules/<id>/cancel"): lambda api, make: (f"{_schedule(api, make)}/cancel", {}),
    ("POST", "/subscription_schedules/<id>/release"): lambda api, make: (f"{_schedule(api, make)}/release", {}),
    ("POST", "/subscriptions"): lambda api, make: ("subscriptions", {"customer": make.customer().id, **_items(make)}),
    ("POST", "/subscriptions/<id>"): lambda api, make: (f"subscriptions/{make.subscription().id}", NEW),
    ("POST", "/subscriptions/<id>/cancel"): lambda api, make: (f"subscriptions/{make.subscription().id}/cancel", {}),
    ("POST", "/subscriptions/<id>/migrate"): lambda api, make: (
        f"subscriptions/{make.subscription(billing_mode={'type': 'classic'}).id}/migrate",
        {"billing_mode": {"type": "flexible"}},
    ),
    ("POST", "/billing_portal/cancellation_notices/<id>/handle"): lambda api, make: (
        f"billing_portal/cancellation_notices/{_waiting_notice(make)}/handle",
        {},
    ),
    ("POST", "/subscriptions/<id>/pause"): lambda api, make: (f"subscriptions/{make.subscription().id}/pause", {}),
    ("POST", "/subscriptions/<id>/withdraw"): lambda api, make: (
        f"subscriptions/{make.subscription().id}/withdraw",
        {},
    ),
    ("POST", "/subscriptions/<id>/resume"): lambda api, make: (f"{_paused(make)}/resume", {}),
    ("POST", "/tax_ids"): lambda api, make: ("tax_ids", {"type": "eu_vat", "value": "DE123456789"}),
    ("POST", "/tax_rates"): lambda api, make: (
        "tax_rates",
        {"display_name": "VAT", "percentage": 19, "inclusive": False},
    ),
    ("POST", "/tax_rates/<id>"): lambda api, make: (f"tax_rates/{make.tax_rate().id}", NEW),
    ("POST", "/test_helpers/test_clocks"): lambda api, make: (
        "test_helpers/test_clocks",
        {"frozen_time": clock.now()},
    ),
    ("DELETE", "/webhook_endpoints/<id>"): lambda api, make: (_endpoint(api), {}),
    ("POST", "/events/<id>/retry"): lambda api, make: (f"{_event(api, make)}/retry", {}),
    ("POST", "/webhook_endpoints"): lambda api, make: ("webhook_endpoints", RECEIVER),
    ("POST", "/webhook_endpoints/<id>"): lambda api, make: (_endpoint(api), NEW),
    ("POST", "/webhook_endpoints/<id>/replay"): lambda api, make: (f"{_endpoint(api)}/replay", {}),
    ("POST", "/webhook_endpoints/<id>/roll_secret"): lambda api, make: (f"{_endpoint(api)}/roll_secret", {}),
    ("POST", "/test_helpers/test_clocks/<id>/advance"): lambda api, make: (
        f"{_clock(api)}/advance",
        {"frozen_time": clock.now() + clock.DAY},
    ),
}


def test_every_call_that_writes_is_made_here(app):
    missing = {call for call in CALLS if call[0] != "GET"} - set(MADE)
    assert not missing, f"no test makes {missing}: add them to MADE in tests/recording/test_every_call.py"
    assert set(MADE) <= set(CALLS)


def _leaves_event(call: tuple[str, str]) -> bool:
    """Whether a call that writes is told of by an event: as its type is, unless something is said of the call."""
    answer = ANSWER_TYPES.get(call)
    silent = answer is not None and answer.type in WITHOUT_EVENTS and call not in CHANGE_OTHERS
    return not silent and call not in AUDIT_ONLY and call not in CHANGE_NOTHING


@pytest.mark.parametrize("call", sorted(MADE), ids=" ".join)
def test_a_call_leaves_an_event_and_an_entry(api, make, told, audited, call):
    path, sent = MADE[call](api, make)
    events, entries = len(told()), len(audited())
    answer = api.request(call[0], path, **sent)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    id = answer.headers["Request-Id"]
    left = [event for event in told(events) if event.request["id"] == id]
    logged = [entry for entry in audited()[entries:] if entry.request_id == id]
    assert {event.type for event in left} <= DOCUMENTED_TYPES | PORTAL_EVENTS.keys()
    assert bool(left) == _leaves_event(call), "see FAMILIES and WITHOUT_EVENTS in portal/rules/events.py"
    assert bool(logged) == (call not in CHANGE_NOTHING)
