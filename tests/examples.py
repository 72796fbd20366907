"""One object of each type that a call names by its id: strangers look for them, and golden files record them.

A type without an entry in `EXAMPLES` fails in `tests/test_resources.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal import clock
from portal.api.endpoint import ANSWER_TYPES
from portal.billing.accounts import rendering_templates
from portal.billing.lifecycle import failed_steps
from portal.models import Customer, Invoice, RenderingTemplate, Subscription
from tests import debits, disputing, refunding
from tests.clients import Api
from tests.factories import Factories
from tests.pictures import picture
from tests.statements_of_banks import OWN_IBAN, Transfer, camt

_ON = {"display_preference": {"preference": "on"}}


@dataclass
class Scene:
    """Where examples are made: all are of one customer, and each has `text` in it where there is place for it."""

    make: Factories
    api: Api
    customer: Customer
    text: str

    @cached_property
    def invoice(self) -> Invoice:
        """A paid one."""
        return self.make.paid_invoice(self.customer, 5000, description=self.text)

    @cached_property
    def subscription(self) -> Subscription:
        """An active one."""
        return self.make.subscription(self.customer, description=self.text)

    @cached_property
    def file(self) -> str:
        """The id of a logo."""
        return self.post("files", purpose="business_logo", upload=(f"{self.text}.png", picture()))

    @cached_property
    def metadata(self) -> dict[str, str]:
        """Metadata with the text."""
        return {"word": self.text}

    def post(self, path: str, **sent: Any) -> str:
        """The id of what a call creates."""
        return str(self.api.post(path, **sent)["id"])

    def first(self, path: str, **sent: Any) -> str:
        """The id of the first object of a list."""
        return str(self.api.get(path, **sent)["data"][0]["id"])


def path_types() -> dict[str, str]:
    """The type of the objects below each path of the API, by that path without its `/<id>`."""
    retrieved = {rule: answer.type for (method, rule), answer in ANSWER_TYPES.items() if method == "GET"}
    return {rule.removesuffix("/<id>"): type for rule, type in retrieved.items() if rule.endswith("/<id>")}


def _payment_record(scene: Scene) -> str:
    amount = {"value": 300, "currency": "eur"}
    sent = {"amount_requested": amount, "payment_method_details": {"type": "custom"}, "initiated_at": clock.now()}
    return scene.post("payment_records/report_payment", **sent, description=scene.text, metadata=scene.metadata)


def _bank_statement(scene: Scene) -> str:
    bank = {"invoices": {"bank_transfer": {"iban": OWN_IBAN}}}
    scene.post("account", default_currency="eur", settings=bank)
    return scene.post("bank_statements", upload=("statement.xml", camt(Transfer(700, scene.text))))


def _bank_transaction(scene: Scene) -> str:
    return scene.first("bank_transactions", bank_statement=_bank_statement(scene))


def _direct_debit(scene: Scene) -> str:
    debits.begin_collecting(scene.make, prenotification_days=1)
    debits.sign(scene.make, scene.api.client.application.extensions["portal"].seal, scene.customer)
    scene.make.invoice(scene.customer, auto_advance=True)
    # what a customer is charged by is in no export
    scene.api.post(f"customers/{scene.customer.id}", invoice_settings={"default_payment_method": ""})
    return scene.first("direct_debits")


def _direct_debit_file(scene: Scene) -> str:
    _direct_debit(scene)
    return scene.post("direct_debit_files")


def _payment_method(scene: Scene) -> str:
    account = {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}}
    made = scene.post("payment_methods", **account, billing_details={"name": scene.text}, metadata=scene.metadata)
    return scene.post(f"payment_methods/{made}/attach", customer=scene.customer.id)


def _payment_intent(scene: Scene) -> str:
    scene.post("account", settings={"payments": {"provider": "sandbox"}})
    card = scene.post("payment_methods", type="card", card={"token": "tok_visa"})
    scene.post(f"payment_methods/{card}/attach", customer=scene.customer.id)
    path = f"customers/{scene.customer.id}"
    scene.api.post(path, invoice_settings={"default_payment_method": card})
    invoice = scene.make.invoice(scene.customer)
    scene.post(f"invoices/{invoice.id}/pay")
    # what a customer is charged by is in no export
    scene.api.post(path, invoice_settings={"default_payment_method": ""})
    return scene.first("payment_intents", invoice=invoice.id)


def _payment_method_configuration(scene: Scene) -> str:
    return scene.post("payment_method_configurations", name=scene.text, alipay=_ON, card={"display_preference": {}})


def _dispute(scene: Scene) -> str:
    id = disputing.disputed(scene.make, scene.customer)
    scene.api.post(f"disputes/{id}", metadata=scene.metadata)
    return id


def _refund(scene: Scene) -> str:
    record = refunding.transferred(scene.api, scene.make, customer=scene.customer)
    return scene.post("refunds", payment_record=record, amount=300, metadata=scene.metadata)


def _credit_transfer_file(scene: Scene) -> str:
    _refund(scene)
    return scene.post("credit_transfer_files")


def _setup_intent(scene: Scene) -> str:
    mandate = {"customer_acceptance": {"type": "offline", "accepted_at": 1}}
    sent = {"customer": scene.customer.id, "payment_method": _payment_method(scene), "mandate_data": mandate}
    return scene.post("setup_intents", **sent, confirm=True, description=scene.text)


def _mandate(scene: Scene) -> str:
    return str(scene.api.get(f"setup_intents/{_setup_intent(scene)}")["mandate"])


def _checkout_session(scene: Scene) -> str:
    debits.begin_collecting(scene.make, prenotification_days=1)
    sold = [{"price": scene.make.price().id, "quantity": 2}]
    sent = {"customer": scene.customer.id, "client_reference_id": scene.text, "metadata": scene.metadata}
    return scene.post("checkout/sessions", mode="subscription", line_items=sold, **sent)


def _payment_link(scene: Scene) -> str:
    debits.begin_collecting(scene.make, prenotification_days=1)
    return scene.post(
        "payment_links",
        line_items=[{"price": scene.make.price().id}],
        inactive_message=scene.text,
        metadata=scene.metadata,
    )


def _quote(scene: Scene) -> str:
    items = [{"price": scene.make.price().id, "quantity": 2}]
    return scene.post("quotes", customer=scene.customer.id, line_items=items, description=scene.text)


def _rendering_template(scene: Scene) -> str:
    with scene.make.database.writing(scene.make.scope) as db:
        command = rendering_templates.AddTemplate({"style.css": b"p {}"}, nickname=scene.text)
        template: RenderingTemplate = rendering_templates.add(db, command, now=clock.now())
        return template.id


def _portal_session(scene: Scene) -> str:
    scene.make.portal_link(scene.customer, scene.make.configuration())
    return scene.first("billing_portal/sessions")


def _failed_step(scene: Scene) -> str:
    key = (scene.subscription.tenant_id, scene.subscription.id)
    with scene.make.database.writing(scene.make.scope) as db:
        plan = db.get_one(Subscription, key)
        failed = failed_steps.postpone(db, "subscription", plan, failure=scene.text, now=clock.now())
        return failed.id


def _webhook_endpoint(scene: Scene) -> str:
    receiver = {"url": "https://example.com/hooks", "enabled_events": ["*"]}
    return scene.post("webhook_endpoints", **receiver, description=scene.text)


#: By type, what makes an example and answers with its id.
EXAMPLES: dict[str, Callable[[Scene], str]] = {
    "account": lambda scene: scene.make.scope.account_id,
    "bank_statement": _bank_statement,
    "bank_transaction": _bank_transaction,
    "billing.failed_step": _failed_step,
    "billing.feedback_option": lambda scene: scene.post("billing/feedback_options", description=scene.text),
    "billing_portal.cancellation": lambda scene: (
        scene.make.cancellation(scene.make.subscription(scene.customer), comment=scene.text).id
    ),
    "billing_portal.cancellation_notice": lambda scene: scene.make.cancellation_notice(reason=scene.text).id,
    "billing_portal.configuration": lambda scene: scene.make.configuration().id,
    "billing_portal.retention_offer": lambda scene: (
        scene.make.offer_to_stay(scene.subscription, scene.make.coupon(id="STAY")).id
    ),
    "billing_portal.session": _portal_session,
    "billing_portal.withdrawal": lambda scene: scene.make.withdrawal(scene.make.subscription(scene.customer)).id,
    "checkout.session": _checkout_session,
    "coupon": lambda scene: scene.make.coupon(name=scene.text).id,
    "credit_note": lambda scene: scene.make.credit_note(scene.invoice, 500, out_of_band_amount=500, memo=scene.text).id,
    "credit_transfer_file": _credit_transfer_file,
    "customer": lambda scene: scene.customer.id,
    "direct_debit": _direct_debit,
    "direct_debit_file": _direct_debit_file,
    "customer_balance_transaction": lambda scene: scene.post(
        f"customers/{scene.customer.id}/balance_transactions", amount=-100, currency="eur", description=scene.text
    ),
    "event": lambda scene: scene.first("events"),
    "file": lambda scene: scene.file,
    "file_link": lambda scene: scene.post("file_links", file=scene.file, metadata=scene.metadata),
    "invoice": lambda scene: scene.invoice.id,
    "invoice_payment": lambda scene: scene.first("invoice_payments", invoice=scene.invoice.id),
    "invoice_rendering_template": _rendering_template,
    "invoiceitem": lambda scene: scene.make.item(scene.customer, 1, description=scene.text).id,
    "mandate": _mandate,
    "payment_intent": _payment_intent,
    "payment_link": _payment_link,
    "payment_method": _payment_method,
    "payment_record": _payment_record,
    "plan": lambda scene: scene.make.price(nickname=scene.text).id,
    "price": lambda scene: scene.make.price(nickname=scene.text).id,
    "product": lambda scene: scene.make.product(description=scene.text).id,
    "promotion_code": lambda scene: scene.make.promotion_code(metadata=scene.metadata).id,
    "quote": _quote,
    "dispute": _dispute,
    "payment_method_configuration": _payment_method_configuration,
    "refund": _refund,
    "setup_intent": _setup_intent,
    "shipping_rate": lambda scene: scene.make.shipping_rate(display_name=scene.text).id,
    "subscription": lambda scene: scene.subscription.id,
    "subscription_item": lambda scene: scene.first("subscription_items", subscription=scene.subscription.id),
    "subscription_schedule": lambda scene: scene.post(
        "subscription_schedules", from_subscription=scene.subscription.id, metadata=scene.metadata
    ),
    "contact": lambda scene: scene.post(
        f"customers/{scene.customer.id}/contacts",
        email=f"{scene.text.lower().replace(' ', '-')}@example.org",
        name=scene.text,
        role="accountant",
        metadata=scene.metadata,
    ),
    "tax_id": lambda scene: scene.post(f"customers/{scene.customer.id}/tax_ids", type="eu_vat", value="DE136695976"),
    "tax_rate": lambda scene: scene.make.tax_rate(description=scene.text).id,
    "test_helpers.test_clock": lambda scene: scene.post(
        "test_helpers/test_clocks", frozen_time=clock.now(), name=scene.text
    ),
    "webhook_endpoint": _webhook_endpoint,
}
