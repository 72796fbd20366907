"""A day of a merchant's program with every call of the API in it: the samples that the reference shows.

`play` makes the calls through `send`, in an order in which each succeeds. `kept` is what a call answered first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal import clock
from portal.billing.accounts import rendering_templates
from portal.billing.lifecycle import failed_steps
from portal.models import Customer, Subscription
from portal.seal import Seal
from tests import debits, disputing, refunding
from tests.factories import Factories
from tests.refunding import OWN_ACCOUNT
from tests.statements_of_banks import Transfer, camt

#: `send("POST /customers/{id}", "cus_1", name="Jenny")` makes the call with the ids of its path, and gives the answer.
Send = Callable[..., Any]

#: The file of a bank that the day takes in.
STATEMENT = camt(Transfer(3000, "Rides in November", payer="Ada Rider"))


@dataclass
class Day:
    """What the parts of the day share."""

    send: Send
    make: Factories
    seal: Seal
    known: int = 0

    def play(self) -> None:
        """Make every call."""
        self._set_up()
        self._sell()
        self._bill()
        self._pay_and_credit()
        self._subscribe()
        self._plan_ahead()
        self._offer()
        self._check_out()
        self._let_in()
        self._look_after()
        self._clear_away()

    def _set_up(self) -> None:
        send = self.send
        account = send("GET /account")["id"]
        send(
            "POST /account",
            business_profile={"name": "Rocket Rides", "support_email": "help@example.com"},
            settings={"emails": {"receipts": True}},
        )
        send("GET /accounts/{id}", account)
        send("POST /accounts/{id}", account, settings={"branding": {"primary_color": "#0a5c9e"}})
        logo = send("POST /files", purpose="business_logo", file="@logo.png")["id"]
        send("GET /files", purpose="business_logo")
        send("GET /files/{id}", logo)
        send("GET /files/{id}/contents", logo, saved_as="logo.png")
        link = send("POST /file_links", file=logo)["id"]
        send("GET /file_links", file=logo)
        send("GET /file_links/{id}", link)
        send("POST /file_links/{id}", link, expires_at="now")
        hooks = {"url": "https://shop.example/hooks", "enabled_events": ["*"]}
        self.hooks = send("POST /webhook_endpoints", **hooks)["id"]

    def _sell(self) -> None:
        send = self.send
        self.product = send("POST /products", name="Gold plan", description="Rides at any hour")["id"]
        send("GET /products", limit=3)
        send("GET /products/search", query="name~'gold'")
        send("GET /products/{id}", self.product)
        send("POST /products/{id}", self.product, metadata={"tier": "2"})
        send("GET /products/{product}/features", self.product)
        self.price = send(
            "POST /prices",
            product=self.product,
            unit_amount=1900,
            currency="eur",
            recurring={"interval": "month"},
            lookup_key="gold_monthly",
        )["id"]
        send("GET /prices", lookup_keys=["gold_monthly"])
        send("GET /prices/search", query="currency:'eur' AND active:'true'")
        send("GET /prices/{id}", self.price)
        send("POST /prices/{id}", self.price, nickname="Gold, monthly")
        self.dearer = self.make.price(unit_amount=4900).id
        plan = send("POST /plans", product=self.product, amount=19000, currency="eur", interval="year")["id"]
        send("GET /plans", product=self.product)
        send("GET /plans/{id}", plan)
        send("POST /plans/{id}", plan, nickname="Gold, yearly")
        self.plan = plan
        self.vat = send("POST /tax_rates", display_name="VAT", percentage=19, inclusive=False, country="DE")["id"]
        send("GET /tax_rates", active=True)
        send("GET /tax_rates/{id}", self.vat)
        send("POST /tax_rates/{id}", self.vat, description="Germany, standard rate")
        rate = {"display_name": "Standard shipping", "type": "fixed_amount"}
        shipping = send("POST /shipping_rates", **rate, fixed_amount={"amount": 490, "currency": "eur"})["id"]
        send("GET /shipping_rates", limit=3)
        send("GET /shipping_rates/{id}", shipping)
        send("POST /shipping_rates/{id}", shipping, active=False)
        self.coupon = send("POST /coupons", id="welcome-20", percent_off=20, duration="once", name="Welcome")["id"]
        send("GET /coupons", limit=3)
        send("GET /coupons/{id}", self.coupon)
        send("POST /coupons/{id}", self.coupon, name="Welcome to Rocket Rides")
        code = send("POST /promotion_codes", promotion={"type": "coupon", "coupon": self.coupon}, code="WELCOME20")[
            "id"
        ]
        send("GET /promotion_codes", code="WELCOME20")
        send("GET /promotion_codes/{id}", code)
        send("POST /promotion_codes/{id}", code, active=False)
        self._know_customers()

    def _know_customers(self) -> None:
        send = self.send
        self.customer = customer = send(
            "POST /customers",
            name="Jenny Rosen",
            email="jenny.rosen@example.com",
            address={"line1": "Lindenstraße 3", "postal_code": "10969", "city": "Berlin", "country": "DE"},
            preferred_locales=["de"],
            invoice_prefix="ROSEN",
        )["id"]
        send("GET /customers", email="jenny.rosen@example.com")
        send("GET /customers/search", query="email:'jenny.rosen@example.com'")
        send("GET /customers/{id}", customer)
        send("POST /customers/{id}", customer, phone="+49 30 901820", metadata={"user": "4711"})
        tax_id = send("POST /customers/{customer}/tax_ids", customer, type="eu_vat", value="DE136695976")["id"]
        send("GET /customers/{customer}/tax_ids", customer)
        send("GET /customers/{customer}/tax_ids/{id}", customer, tax_id)
        send("DELETE /customers/{customer}/tax_ids/{id}", customer, tax_id)
        contacts = "/customers/{customer}/contacts"
        person = {"email": "lea.rosen@example.com", "name": "Lea Rosen", "role": "accountant", "locale": "de"}
        contact = send(f"POST {contacts}", customer, **person)["id"]
        send(f"GET {contacts}", customer)
        send(f"GET {contacts}/{{id}}", customer, contact)
        send(f"POST {contacts}/{{id}}", customer, contact, role="billing_manager")
        send(f"POST {contacts}/{{id}}/invite", customer, contact)
        send(f"DELETE {contacts}/{{id}}", customer, contact)
        own = send("POST /tax_ids", type="eu_vat", value="DE811569869")["id"]
        send("GET /tax_ids", owner={"type": "self"})
        send("GET /tax_ids/{id}", own)
        send("DELETE /tax_ids/{id}", own)
        credit = {"amount": -500, "currency": "eur", "description": "For your patience"}
        entry = send("POST /customers/{customer}/balance_transactions", customer, **credit)["id"]
        send("GET /customers/{customer}/balance_transactions", customer)
        send("GET /customers/{customer}/balance_transactions/{id}", customer, entry)
        send("POST /customers/{customer}/balance_transactions/{id}", customer, entry, metadata={"ticket": "81"})
        self._set_up_debits(customer)

    def _set_up_debits(self, customer: str) -> None:
        send = self.send
        account = {"iban": "DE89370400440532013000"}
        holder = {"name": "Ada Rider", "email": "ada@example.com"}
        method = send("POST /payment_methods", type="sepa_debit", sepa_debit=account, billing_details=holder)["id"]
        send("GET /payment_methods/{id}", method)
        send("POST /payment_methods/{id}/attach", method, customer=customer)
        send("POST /payment_methods/{id}", method, metadata={"bank": "main"})
        online = {"ip_address": "192.0.2.1", "user_agent": "Mozilla/5.0"}
        begun = send("POST /setup_intents", customer=customer, payment_method=method)["id"]
        send("POST /setup_intents/{id}", begun, description="Collected from December on")
        accepted = {"customer_acceptance": {"type": "online", "online": online}}
        done = send("POST /setup_intents/{id}/confirm", begun, mandate_data=accepted)
        send("GET /setup_intents/{id}", begun)
        send("GET /mandates/{id}", done["mandate"])
        send("GET /setup_intents", customer=customer)
        send("GET /customers/{customer}/payment_methods", customer)
        send("GET /customers/{customer}/payment_methods/{id}", customer, method)
        send("GET /payment_methods", customer=customer, type="sepa_debit")
        send("POST /payment_methods/{id}/detach", method)
        given_up = send("POST /setup_intents", customer=customer)["id"]
        send("POST /setup_intents/{id}/cancel", given_up, cancellation_reason="abandoned")

    def _check_out(self) -> None:
        send = self.send
        session = send(
            "POST /checkout/sessions",
            mode="subscription",
            line_items=[{"price": self.price, "quantity": 1}],
            success_url="https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://shop.example/plans",
        )["id"]
        send("GET /checkout/sessions", status="open")
        send("GET /checkout/sessions/{id}", session)
        send("GET /checkout/sessions/{id}/line_items", session)
        send("POST /checkout/sessions/{id}", session, metadata={"order": "6735"})
        send("POST /checkout/sessions/{id}/expire", session)
        link = send("POST /payment_links", line_items=[{"price": self.price, "quantity": 1}])["id"]
        send("GET /payment_links", active=True)
        send("GET /payment_links/{id}", link)
        send("GET /payment_links/{id}/line_items", link)
        send("POST /payment_links/{id}", link, active=False)

    def _bill(self) -> None:
        send = self.send
        item = send("POST /invoiceitems", customer=self.customer, amount=2500, currency="eur", description="Set-up")[
            "id"
        ]
        send("GET /invoiceitems", customer=self.customer, pending=True)
        send("GET /invoiceitems/{id}", item)
        send("POST /invoiceitems/{id}", item, tax_rates=[self.vat])
        self.invoice = invoice = send(
            "POST /invoices",
            customer=self.customer,
            collection_method="send_invoice",
            days_until_due=14,
            pending_invoice_items_behavior="include",
        )["id"]
        lines = [{"description": "Consulting", "amount": 9000, "tax_rates": [self.vat]}]
        added = send("POST /invoices/{id}/add_lines", invoice, lines=lines)["lines"]["data"][-1]["id"]
        send("GET /invoices/{id}/lines", invoice)
        send("POST /invoices/{id}/lines/{line}", invoice, added, description="Consulting, one hour")
        changed = [{"id": added, "amount": 9500}]
        send("POST /invoices/{id}/update_lines", invoice, lines=changed)
        send("POST /invoices/{id}", invoice, custom_fields=[{"name": "Order number", "value": "PO-1042"}])
        send("POST /invoices/{id}/finalize", invoice)
        send("POST /invoices/{id}/send", invoice)
        send("GET /invoices", customer=self.customer, status="open")
        send("GET /invoices/search", query=f"customer:'{self.customer}' AND status:'open'")
        send("GET /invoices/{id}", invoice, expand=["customer"])

    def _drafted(self, *amounts: int) -> str:
        """A draft for what must be another invoice."""
        invoice: str = self.make.draft(self._somebody(), *amounts).id
        return invoice

    def _somebody(self, **sent: Any) -> Customer:
        """Another customer, with a prefix of invoice numbers that is the same in each run."""
        self.known += 1
        return self.make.customer(invoice_prefix=f"RIDER{self.known}", **sent)

    def _opened(self) -> Any:
        return self.make.invoice(self._somebody(), 3000)

    def _pay_and_credit(self) -> None:
        send = self.send
        send("POST /invoices/{id}/pay", self.invoice, paid_out_of_band=True)
        draft = self._drafted(1000, 2000)
        line = self.make_lines(draft)[0]
        send("POST /invoices/{id}/remove_lines", draft, lines=[{"id": line, "behavior": "delete"}])
        send("DELETE /invoices/{id}", draft)
        waiting = self.make.item(self._somebody(), 700).id
        send("DELETE /invoiceitems/{id}", waiting)
        send("POST /invoices/{id}/mark_uncollectible", self._opened().id)
        send("POST /invoices/{id}/void", self._opened().id)
        send("POST /invoices/{id}/correct", self._opened().id, name="Rosen & Töchter GmbH", purchase_order="PO-1043")
        bill = self._opened()
        payment = send(
            "POST /payment_records/report_payment",
            amount_requested={"value": 3000, "currency": "eur"},
            initiated_at=clock.now(),
            customer_details={"customer": bill.customer_id},
            payment_method_details={"type": "custom", "custom": {"display_name": "Visa ending in 4242"}},
            processor_details={"type": "custom", "custom": {"payment_reference": "pay_81723"}},
            outcome="guaranteed",
            guaranteed={"guaranteed_at": clock.now()},
        )["id"]
        send("GET /payment_records/{id}", payment)
        send("POST /invoices/{id}/attach_payment", bill.id, payment_record=payment)
        paid = send("GET /invoice_payments", invoice=bill.id)["data"][0]["id"]
        send("GET /invoice_payments/{id}", paid)
        for outcome in ("guaranteed", "failed", "canceled"):
            begun = self._report_payment()
            send(
                f"POST /payment_records/{{id}}/report_payment_attempt_{outcome}",
                begun,
                **{f"{outcome}_at": clock.now()},
            )
        self._read_statement()
        self._collect()
        self._dispute()
        self._choose_types()
        self._credit()

    def _read_statement(self) -> None:
        send = self.send
        bill = self._opened()
        send("POST /account", settings={"invoices": {"bank_transfer": OWN_ACCOUNT}})
        statement = send("POST /bank_statements", file="@statement.xml")["id"]
        send("GET /bank_statements", limit=3)
        send("GET /bank_statements/{id}", statement)
        waiting = send("GET /bank_transactions", status="waiting")["data"][0]["id"]
        send("GET /bank_transactions/{id}", waiting)
        send("POST /bank_transactions/{id}/assign", waiting, invoices=[{"invoice": bill.id}])
        send("POST /bank_transactions/{id}/reverse", waiting)
        send("POST /bank_transactions/{id}/assign", waiting, invoices=[{"invoice": bill.id}])
        self._refund(
            send("GET /invoice_payments", invoice=bill.id, status="paid")["data"][0]["payment"]["payment_record"]
        )

    def _refund(self, record: str) -> None:
        send = self.send
        refund = send("POST /refunds", payment_record=record, amount=900, reason="requested_by_customer")["id"]
        send("GET /refunds", payment_record=record)
        send("GET /refunds/{id}", refund)
        send("POST /refunds/{id}", refund, metadata={"ticket": "82"})
        send("POST /refunds/{id}/approve", refunding.asked_payout(self.make, self.seal))
        send("POST /refunds/{id}/cancel", refunding.asked_payout(self.make, self.seal))
        elsewhere = self.make.paid_invoice(self.make.customer(), 2500).id
        paid = send("GET /invoice_payments", invoice=elsewhere)["data"][0]["payment"]["payment_record"]
        named = {"type": "custom", "custom": {"refund_reference": "refund 81723"}}
        amount = {"value": 500, "currency": "eur"}
        path = "POST /payment_records/{id}/report_refund"
        send(path, paid, amount=amount, outcome="refunded", processor_details=named)
        file = send("POST /credit_transfer_files")["id"]
        send("GET /credit_transfer_files", limit=3)
        send("GET /credit_transfer_files/{id}", file)
        send("GET /credit_transfer_files/{id}/content", file, saved_as="refunds.xml")

    def _dispute(self) -> None:
        send = self.send
        disputed = disputing.disputed(self.make)
        send("GET /disputes", limit=3)
        send("GET /disputes/{id}", disputed)
        evidence = {"customer_name": "Jenny Rosen", "uncategorized_text": "She has ridden every day since."}
        send("POST /disputes/{id}", disputed, evidence=evidence, submit=True)
        send("POST /disputes/{id}/close", disputing.disputed(self.make))

    def _collect(self) -> None:
        send, customer = self.send, self.make.customer()
        debits.begin_collecting(self.make)
        send("POST /account", settings={"collection": {"prenotification_days": 1}})
        debits.sign(self.make, self.seal, customer)
        send("POST /invoices/{id}/pay", self.make.invoice(customer, 4900).id)
        debit = send("GET /direct_debits", status="scheduled")["data"][0]["id"]
        send("GET /direct_debits/{id}", debit)
        file = send("POST /direct_debit_files")["id"]
        send("GET /direct_debit_files", limit=3)
        send("GET /direct_debit_files/{id}", file)
        send("GET /direct_debit_files/{id}/content", file, saved_as="direct-debits.xml")

        self._charge_card(customer)

    def _choose_types(self) -> None:
        send = self.send
        off = {"display_preference": {"preference": "off"}}
        chosen = send("POST /payment_method_configurations", name="Cards only", sepa_debit=off)["id"]
        send("GET /payment_method_configurations", active=True)
        send("GET /payment_method_configurations/{id}", chosen)
        send("POST /payment_method_configurations/{id}", chosen, name="Cards and no direct debits")

    def _charge_card(self, customer: Customer) -> None:
        send = self.send
        send("POST /account", settings={"payments": {"provider": "sandbox"}})
        card = send("POST /payment_methods", type="card", card={"token": "tok_visa"})["id"]
        send("POST /payment_methods/{id}/attach", card, customer=customer.id)
        invoice = self.make.invoice(customer, 2900, default_payment_method=card).id
        send("POST /invoices/{id}/pay", invoice)
        intent = send("GET /payment_intents", invoice=invoice)["data"][0]["id"]
        send("GET /payment_intents/{id}", intent)

    def make_lines(self, invoice: str) -> list[str]:
        """The ids of an invoice's lines."""
        return [line["id"] for line in self.send("GET /invoices/{id}/lines", invoice)["data"]]

    def _report_payment(self) -> str:
        payment: str = self.send(
            "POST /payment_records/report_payment",
            amount_requested={"value": 900, "currency": "eur"},
            initiated_at=clock.now(),
            payment_method_details={"type": "custom"},
        )["id"]
        return payment

    def _credit(self) -> None:
        send = self.send
        credit = {"invoice": self.invoice, "amount": 1190, "credit_amount": 1190}
        send("GET /credit_notes/preview", **credit)
        send("GET /credit_notes/preview/lines", **credit)
        note = send("POST /credit_notes", **credit, reason="order_change", memo="An hour less")["id"]
        send("GET /credit_notes", invoice=self.invoice)
        send("GET /credit_notes/{id}", note)
        send("GET /credit_notes/{id}/lines", note)
        send("POST /credit_notes/{id}", note, metadata={"ticket": "82"})
        mistaken = send("POST /credit_notes", invoice=self._opened().id, amount=500)["id"]
        send("POST /credit_notes/{id}/void", mistaken)

    def _subscribe(self) -> None:
        send, billed = self.send, {"collection_method": "send_invoice", "days_until_due": 14}
        made = send(
            "POST /subscriptions",
            customer=self.customer,
            items=[{"price": self.price, "quantity": 2}],
            default_tax_rates=[self.vat],
            **billed,
        )
        self.subscription, item = made["id"], made["items"]["data"][0]["id"]
        send("GET /subscriptions", customer=self.customer)
        send("GET /subscriptions/search", query="status:'active'")
        send("GET /subscriptions/{id}", self.subscription)
        send("GET /customers/{customer}/subscriptions", self.customer)
        send("GET /customers/{customer}/subscriptions/{id}", self.customer, self.subscription)
        wanted = {"items": [{"id": item, "quantity": 3}], "proration_behavior": "always_invoice"}
        send("POST /invoices/create_preview", subscription=self.subscription, subscription_details=wanted)
        send("GET /invoices/upcoming", subscription=self.subscription)
        send("GET /invoices/upcoming/lines", subscription=self.subscription)
        send("POST /subscriptions/{id}", self.subscription, **wanted)
        send("GET /subscription_items", subscription=self.subscription)
        send("GET /subscription_items/{id}", item)
        send("POST /subscription_items/{id}", item, quantity=2, proration_behavior="none")
        added = send("POST /subscription_items", subscription=self.subscription, price=self.dearer)["id"]
        send("DELETE /subscription_items/{id}", added)
        paused = self._subscribed()
        send("POST /subscriptions/{id}/pause", paused)
        send("POST /subscriptions/{id}/resume", paused)
        classic = self.make.subscription(self._somebody(), billing_mode={"type": "classic"}).id
        send("POST /subscriptions/{id}/migrate", classic, billing_mode={"type": "flexible"})
        send("POST /subscriptions/{id}/cancel", paused, cancellation_details={"feedback": "too_expensive"})
        send("DELETE /subscriptions/{id}", classic)
        reduced = self._somebody()
        kept = self.make.coupon(id="loyal-10")
        other = self.make.subscription(reduced, discounts=[{"coupon": kept.id}]).id
        send("DELETE /subscriptions/{id}/discount", other)
        loyal = self._somebody(coupon=kept.id).id
        send("DELETE /customers/{id}/discount", loyal)

    def _subscribed(self) -> str:
        subscription: str = self.make.subscription(self._somebody()).id
        return subscription

    def _plan_ahead(self) -> None:
        send = self.send
        phases = [
            {"items": [{"price": self.price}], "duration": {"interval": "month", "interval_count": 3}},
            {"items": [{"price": self.dearer}], "duration": {"interval": "year"}},
        ]
        tomorrow = clock.now() + clock.DAY
        ahead = {"customer": self.customer, "start_date": tomorrow, "end_behavior": "release"}
        schedule = send("POST /subscription_schedules", **ahead, phases=phases)["id"]
        send("GET /subscription_schedules", customer=self.customer)
        send("GET /subscription_schedules/{id}", schedule)
        send("POST /subscription_schedules/{id}", schedule, metadata={"campaign": "autumn"})
        send("POST /subscription_schedules/{id}/cancel", schedule)
        running = send("POST /subscription_schedules", from_subscription=self._subscribed())["id"]
        send("POST /subscription_schedules/{id}/release", running)

    def _offer(self) -> None:
        send = self.send
        lines = [{"price": self.price, "quantity": 5}]
        quote = send(
            "POST /quotes",
            customer=self.customer,
            line_items=lines,
            collection_method="send_invoice",
            invoice_settings={"days_until_due": 14},
        )["id"]
        send("GET /quotes", customer=self.customer)
        send("GET /quotes/{id}", quote)
        send("POST /quotes/{id}", quote, header="An offer for your team")
        send("GET /quotes/{id}/line_items", quote)
        send("GET /quotes/{id}/computed_upfront_line_items", quote)
        send("POST /quotes/{id}/finalize", quote)
        send("GET /quotes/{id}/pdf", quote, saved_as="quote.pdf")
        send("POST /quotes/{id}/accept", quote)
        declined = send("POST /quotes", customer=self.customer, line_items=lines)["id"]
        send("POST /quotes/{id}/cancel", declined)

    def _let_in(self) -> None:
        send = self.send
        reason = send("POST /billing/feedback_options", description="We moved to another city")["id"]
        send("GET /billing/feedback_options", status="active")
        send("GET /billing/feedback_options/{id}", reason)
        send("POST /billing/feedback_options/{id}", reason, description="We moved away")
        configuration = send(
            "POST /billing_portal/configurations",
            business_profile={"headline": "Rocket Rides and you", "privacy_policy_url": "https://example.com/privacy"},
            features={
                "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
                "invoice_history": {"enabled": True},
                "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            },
            default_return_url="https://app.example.com/account",
        )["id"]
        send("GET /billing_portal/configurations", active=True)
        send("GET /billing_portal/configurations/{id}", configuration)
        send("POST /billing_portal/configurations/{id}", configuration, login_page={"enabled": True})
        session = send(
            "POST /billing_portal/sessions", customer=self.customer, return_url="https://app.example.com/account"
        )["id"]
        send("GET /billing_portal/sessions", customer=self.customer)
        send("GET /billing_portal/sessions/{id}", session)
        send("POST /billing_portal/sessions/{id}/expire", session)
        left = self.make.subscription(self.make.customer())
        offer = self.make.offer_to_stay(left, self.make.coupon(id="STAY")).id
        send("GET /billing_portal/retention_offers", status="accepted", reason="too_expensive")
        send("GET /billing_portal/retention_offers/{id}", offer)
        cancellation = self.make.cancellation(left, feedback="too_expensive").id
        send("GET /billing_portal/cancellations", subscription=left.id)
        send("GET /billing_portal/cancellations/{id}", cancellation)
        regretted = self.make.subscription(self._somebody())
        send("POST /subscriptions/{id}/withdraw", regretted.id, refund="prorated")
        [withdrawal] = send("GET /billing_portal/withdrawals", subscription=regretted.id)["data"]
        send("GET /billing_portal/withdrawals/{id}", withdrawal["id"])
        notice = self.make.cancellation_notice().id
        send("GET /billing_portal/cancellation_notices", status="waiting")
        send("GET /billing_portal/cancellation_notices/{id}", notice)
        self.make.leave_notice(notice)
        send("POST /billing_portal/cancellation_notices/{id}/handle", notice, subscription=left.id)
        send("GET /billing_portal/retention_offers/counts")
        send("POST /billing/feedback_options/{id}/deactivate", reason)

    def _look_after(self) -> None:
        send = self.send
        event = send("GET /events", type="invoice.paid", limit=1)["data"][0]["id"]
        send("GET /events/{id}", event)
        send("GET /webhook_endpoints", limit=3)
        send("GET /webhook_endpoints/{id}", self.hooks)
        send("GET /events/{id}/deliveries", event)
        send("GET /webhook_endpoints/{id}/deliveries", self.hooks, limit=2)
        send("POST /events/{id}/retry", event, webhook_endpoint=self.hooks)
        recently = {"created": {"gte": clock.now() - clock.DAY}, "delivery_success": False}
        send("POST /webhook_endpoints/{id}/replay", self.hooks, **recently)
        send("POST /webhook_endpoints/{id}/roll_secret", self.hooks, expires_at="now")
        send("POST /webhook_endpoints/{id}", self.hooks, enabled_events=["invoice.paid", "invoice.overdue"])
        send("GET /customers/{customer}/audit", self.customer, limit=2)
        send("GET /customers/{customer}/coming_payments", self.customer)
        send("GET /customers/{customer}/spending", self.customer, currency="eur")
        send("GET /customers/{customer}/statements", self.customer)
        year = send("GET /customers/{customer}/statements", self.customer)["data"][0]["year"]
        send("GET /customers/{customer}/statements/{year}", self.customer, str(year))
        failed = self._failed_step()
        send("GET /billing/failed_steps", status="unresolved")
        send("GET /billing/failed_steps/{id}", failed)
        template = self._template()
        send("GET /invoice_rendering_templates", status="active")
        send("GET /invoice_rendering_templates/{id}", template)
        send("POST /invoice_rendering_templates/{id}/archive", template)
        send("POST /invoice_rendering_templates/{id}/unarchive", template)
        later = clock.now() + 30 * clock.DAY
        test_clock = send("POST /test_helpers/test_clocks", frozen_time=clock.now(), name="A month")["id"]
        send("GET /test_helpers/test_clocks", limit=3)
        send("GET /test_helpers/test_clocks/{id}", test_clock)
        send("POST /test_helpers/test_clocks/{id}/advance", test_clock, frozen_time=later)
        unused = self.send("POST /test_helpers/test_clocks", frozen_time=clock.now())["id"]
        send("DELETE /test_helpers/test_clocks/{id}", unused)

    def _failed_step(self) -> str:
        row = self.make.subscription(self._somebody())
        with self.make.database.writing(self.make.scope) as db:
            found = db.get_one(Subscription, (row.tenant_id, row.id))
            failure = "The mail server did not answer."
            step: str = failed_steps.postpone(db, "subscription", found, failure=failure, now=clock.now()).id
            return step

    def _template(self) -> str:
        command = rendering_templates.AddTemplate({"style.css": b"p {}"}, nickname="With our letterhead")
        with self.make.database.writing(self.make.scope) as db:
            template: str = rendering_templates.add(db, command, now=clock.now()).id
            return template

    def _clear_away(self) -> None:
        send = self.send
        send("DELETE /webhook_endpoints/{id}", self.hooks)
        send("DELETE /plans/{id}", self.plan)
        send("DELETE /coupons/{id}", self.coupon)
        send("DELETE /products/{id}", self.make.product().id)
        send("DELETE /customers/{id}", self._somebody().id)
