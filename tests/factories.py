"""Rows for tests: one function per noun, every argument optional, made by the use cases themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from portal import clock
from portal.billing.catalogue import prices, products, shipping_rates, tax_rates
from portal.billing.configurations import configurations
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.customer_portal import (
    cancellation_notices,
    cancellation_receipts,
    new_sessions,
    notice_matching,
    plan_cancellations,
    stay_offers,
)
from portal.billing.customer_portal.final_bills import FinalBills
from portal.billing.customer_portal.notice_limits import NoticeSender
from portal.billing.customer_portal.params import CreateSession
from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer
from portal.billing.discounts import coupons, promotion_codes
from portal.billing.discounts.params import CreatePromotionCode
from portal.billing.invoices import finalization, invoiceitems, invoices, payments
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.billing.subscriptions import subscriptions as subscription_cases
from portal.billing.subscriptions.params import CancellationDetails, CreateSubscription
from portal.billing.withdrawals import receipts as withdrawal_receipts
from portal.billing.withdrawals import withdrawals
from portal.billing.withdrawals.params import WithdrawSubscription
from portal.db import Database, Scope
from portal.models import (
    CancellationNotice,
    Configuration,
    Coupon,
    CreditNote,
    Customer,
    Invoice,
    InvoiceItem,
    PlanCancellation,
    PlanWithdrawal,
    Price,
    Product,
    PromotionCode,
    RetentionOffer,
    ShippingRate,
    Subscription,
    TaxRate,
)
from portal.rules.networks import network_of
from portal.rules.portal_features import UPDATABLE_DETAILS
from portal.wire.commands import Command, parse_command

T = TypeVar("T")


@dataclass(frozen=True)
class Factories:
    """Makes rows of one merchant; each call commits."""

    database: Database
    scope: Scope

    def run(
        self, function: Callable[..., T], command: type[Command], /, *rows: Any, now: int | None = None, **sent: Any
    ) -> T:
        """Call a use case with the command made of `sent`."""
        with self.database.writing(self.scope) as db:
            held = [db.get_one(type(row), (row.tenant_id, row.id)) for row in rows]
            return function(db, *held, parse_command(command, sent), now=clock.now() if now is None else now)

    def customer(self, **sent: Any) -> Customer:
        """Jenny Rosen of Berlin, unless told otherwise."""
        default = {
            "name": "Jenny Rosen",
            "email": "jenny.rosen@example.com",
            "address": {"line1": "Lindenstraße 3", "postal_code": "10969", "city": "Berlin", "country": "DE"},
        }
        return self.run(customers.create, CreateCustomer, **{**default, **sent})

    def product(self, **sent: Any) -> Product:
        """The Gold plan."""
        return self.run(products.create_product, products.CreateProduct, **{"name": "Gold plan", **sent})

    def price(self, product: Product | None = None, **sent: Any) -> Price:
        """20.00 euros a month, for a product made on demand; `recurring=None` makes it one-time."""
        default = {"unit_amount": 2000, "currency": "eur", "recurring": {"interval": "month"}}
        merged = {**default, "product": (product or self.product()).id, **sent}
        given = {key: value for key, value in merged.items() if value is not None}
        return self.run(prices.create_price, prices.CreatePrice, **given)

    def tax_rate(self, **sent: Any) -> TaxRate:
        """19 % VAT on top."""
        default = {"display_name": "VAT", "percentage": "19", "inclusive": False, "country": "DE"}
        return self.run(tax_rates.create_tax_rate, tax_rates.CreateTaxRate, **{**default, **sent})

    def coupon(self, **sent: Any) -> Coupon:
        """A tenth off, for ever."""
        off = {} if "amount_off" in sent else {"percent_off": "10"}
        return self.run(coupons.create_coupon, coupons.CreateCoupon, **{**off, "duration": "forever", **sent})

    def promotion_code(self, coupon: Coupon | None = None, **sent: Any) -> PromotionCode:
        """Words for a coupon made on demand."""
        command = CreatePromotionCode
        return self.run(promotion_codes.create_promotion_code, command, coupon=(coupon or self.coupon()).id, **sent)

    def shipping_rate(self, **sent: Any) -> ShippingRate:
        """5.00 euros by ground."""
        default = {"display_name": "Ground shipping", "fixed_amount": {"amount": 500, "currency": "eur"}}
        return self.run(shipping_rates.create, shipping_rates.CreateShippingRate, **{**default, **sent})

    def subscription(
        self, customer: Customer | None = None, price: Price | None = None, *, now: int | None = None, **sent: Any
    ) -> Subscription:
        """A subscription to the Gold plan, active because it is billed by invoice."""
        default = {
            "customer": (customer or self.customer()).id,
            "items": [{"price": (price or self.price()).id}],
            "collection_method": "send_invoice",
            "days_until_due": 14,
        }
        command = CreateSubscription
        return self.run(subscription_cases.create, command, now=now, **{**default, **sent})

    def item(self, customer: Customer, amount: int, *, now: int | None = None, **sent: Any) -> InvoiceItem:
        """A charge in euros that waits for an invoice."""
        default = {"customer": customer.id, "amount": amount, "currency": "eur", "description": "Consulting"}
        return self.run(invoiceitems.create, CreateInvoiceItem, now=now, **{**default, **sent})

    def draft(self, customer: Customer | None = None, *amounts: int, now: int | None = None, **sent: Any) -> Invoice:
        """A draft with a line per amount, 10.00 euros unless told otherwise."""
        customer = customer or self.customer()
        sent = {"customer": customer.id, "currency": "eur", **sent}
        invoice = self.run(invoices.create, CreateInvoice, now=now, **sent)
        for number, amount in enumerate(amounts or (1000,), start=1):
            item = {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": sent["currency"]}
            self.run(invoiceitems.create, CreateInvoiceItem, now=now, description=f"Consulting {number}", **item)
        return invoice

    def invoice(self, customer: Customer | None = None, *amounts: int, now: int | None = None, **sent: Any) -> Invoice:
        """An open invoice."""
        draft = self.draft(customer, *amounts, now=now, **sent)
        return self.run(finalization.finalize, FinalizeInvoice, draft, now=now)

    def paid_invoice(
        self, customer: Customer | None = None, *amounts: int, now: int | None = None, **sent: Any
    ) -> Invoice:
        """An invoice paid out of band."""
        invoice = self.invoice(customer, *amounts, now=now, **sent)
        return self.run(payments.pay, PayInvoice, invoice, now=now, paid_out_of_band=True)

    def credit_note(self, invoice: Invoice, amount: int, *, now: int | None = None, **sent: Any) -> CreditNote:
        """A credit note with one line of its own."""
        line = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": amount, "quantity": 1}
        command = CreateCreditNote
        return self.run(credit_notes.create, command, now=now, invoice=invoice.id, lines=[line], **sent)

    def configuration(self, **features: Any) -> Configuration:
        """A configuration with everything switched on, the named features replaced."""
        everything: dict[str, Any] = {
            "customer_update": {
                "enabled": True,
                "allowed_updates": list(UPDATABLE_DETAILS),
            },
            "invoice_history": {"enabled": True},
            "subscription_cancel": {
                "enabled": True,
                "cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused", "other"]},
            },
        }
        command = configurations.CreateConfiguration
        return self.run(configurations.create, command, features={**everything, **features})

    def portal_link(self, customer: Customer, configuration: Configuration | None = None, **sent: Any) -> str:
        """The path of a fresh portal link."""
        if configuration is not None:
            sent["configuration"] = configuration.id
        command = CreateSession
        new = self.run(new_sessions.create, command, customer=customer.id, **sent)
        return f"/p/session/{new.link_secret}"

    def cancellation(self, plan: Subscription, **details: Any) -> PlanCancellation:
        """The cancellation of a plan by its customer, at the end of its period."""
        features = {"subscription_cancel": {"mode": "at_period_end", "proration_behavior": "none"}}
        with self.database.writing(self.scope) as db:
            row = db.get_one(Subscription, (plan.tenant_id, plan.id))
            plan_cancellations.cancel_plan(
                db, row, features, parse_command(CancellationDetails, details), now=clock.now()
            )
            return cancellation_receipts.record(db, row, FinalBills(None), session_id="bps_1", now=clock.now())

    def leave_notice(self, id: str) -> None:
        """Leave a notice of cancellation to the merchant, as the worker does."""
        with self.database.writing(self.scope) as db:
            notice_matching.leave_to_merchant(db, db.get_one(CancellationNotice, (self.scope.tenant_id, id)))

    def withdrawal(self, plan: Subscription) -> PlanWithdrawal:
        """The withdrawal of a consumer from a plan."""
        self.run(withdrawals.withdraw, WithdrawSubscription, plan)
        with self.database.reading(self.scope) as db:
            found = withdrawal_receipts.find_withdrawal(db, plan.id)
            assert found is not None
            return found

    def offer_to_stay(self, plan: Subscription, coupon: Coupon) -> RetentionOffer:
        """What the customer of a plan was shown before canceling it."""
        offer = stay_offers.StayOffer("coupon", "too_expensive", coupon.id)
        with self.database.writing(self.scope) as db:
            return stay_offers.record_shown(db, plan, offer, session_id="bps_1", now=clock.now())

    def cancellation_notice(self, email: str = "jenny@example.com", **said: Any) -> CancellationNotice:
        """What somebody has declared on the public page of a configuration."""
        said = {"kind": "ordinary", "name": "Jenny Rosen", "reference": "INV-0001", "reason": None, **said}
        content = cancellation_notices.NoticeContent(wanted_on=said.pop("wanted_on", None), **said)
        sender = NoticeSender(email, network_of("192.0.2.1"), "en")
        configuration = self.configuration().id
        with self.database.writing(self.scope) as db:
            once = secrets.token_hex(32)
            row, _new = cancellation_notices.receive(db, configuration, sender, content, once=once, now=clock.now())
            return row
