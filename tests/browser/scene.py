"""Two customers, one who reads English and one who reads Arabic, with one of everything that pages show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Request

from portal import clock, zones
from portal.billing.accounts import account_updates, accounts, files
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.configurations import configurations
from portal.billing.customer_portal import codes, plan_changes, plan_undo, session_secrets
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.customers import contacts, customers, email_changes
from portal.billing.customers.contact_params import CreateContact
from portal.billing.customers.params import UpdateCustomer
from portal.billing.intents import attempts
from portal.billing.invoices import payments, statuses
from portal.billing.invoices.params import PayInvoice
from portal.billing.ledger import balances, locks, tax_ids
from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.mandates import Consent
from portal.billing.payment_methods.params import BillingDetails, CreatePaymentMethod
from portal.billing.quotes import finalization as quote_finalization
from portal.billing.quotes import quotes
from portal.billing.quotes.params import CreateQuote, FinalizeQuote
from portal.billing.subscriptions import pauses, updates
from portal.billing.subscriptions.params import PauseSubscription, UpdateSubscription
from portal.hosted.invoice_history import PAGE_SIZE
from portal.models import Contact, Customer, Invoice, Subscription, SubscriptionSchedule
from portal.objects.links import DocumentLinks
from portal.providers.interface import GivenMethod
from portal.rules.mail_recipients import address_key
from portal.seal import Seal
from portal.wire.commands import ExpandableCommand, parse_command
from tests.browser.conftest import browsing
from tests.browser.plans import Plans, offered
from tests.factories import Factories
from tests.live import Live, Shop
from tests.pictures import picture

LONG = "Beratung zur Donaudampfschifffahrtsgesellschaftskapitänsmütze"
ACCOUNTING = "accounting@example.com"
CREDITOR = {
    "creditor_id": "DE98ZZZ09999999999",
    "creditor_name": "Rocket Rides GmbH",
    "iban": "DE02120300000000202051",
}
NAMES = {"en": "Jenny Rosen", "ar": "مكتبة الياسمين"}


@dataclass
class Window:
    """A customer's window, and the addresses of the pages in it. `foreign` are requests to elsewhere."""

    page: Page
    home: str
    ids: dict[str, str]
    foreign: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page by its path: absolute, or below the visit's."""
        filled = path.format(**self.ids)
        self.page.goto(filled if filled.startswith("/") else self.home + filled)


def opened(chromium: Browser, live: Live, language: str) -> Window:
    """A window inside a visit, on the home page."""
    shop = live.shop()
    _describe(live, shop, icon=language == "ar")
    plans = offered(shop.make)
    customer = shop.make.customer(name=NAMES[language], preferred_locales=[language])
    ids = add_rows(shop.make, customer) | add_plans(plans, customer)
    ids |= _links(live, shop.make, customer, ids)
    if language == "en":
        _second_page(shop.make, customer)
    add_credit(shop.make, customer)
    page = browsing(chromium, live, locale=language).new_page()
    page.goto(shop.make.portal_link(customer, plans.configuration, return_url="https://shop.example/account"))
    window = Window(page, page.url, ids)

    def note(request: Request) -> None:
        if not request.url.startswith(live.url):
            window.foreign.append(request.url)

    page.on("request", note)
    return window


def _describe(live: Live, shop: Shop, *, icon: bool) -> None:
    sent: dict[str, Any] = {
        "business_profile": {"support_email": "billing@example.com", "support_url": "https://example.com/help"},
        "company": {"address": {"line1": "Torstraße 45", "postal_code": "10119", "city": "Berlin", "country": "DE"}},
        "settings": {
            "branding": {"primary_color": "#ffd400"},
            "direct_debit": CREDITOR,
            "payments": {"provider": "sandbox"},
            "invoices": {"bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}},
        },
    }
    if icon:
        upload = {"purpose": "business_icon", "file": files.Upload("icon.png", picture())}
        sent["settings"]["branding"]["icon"] = shop.make.run(files.create, files.CreateFile, **upload).id
    with live.database.writing(shop.make.scope) as db:
        account_updates.update_account(
            db, accounts.find_account(db, shop.keys.account.id), parse_command(UpdateAccount, sent)
        )


def _second_page(make: Factories, customer: Customer) -> None:
    """So much that the history has an older page, all of it older than what is looked at."""
    for months in range(2, PAGE_SIZE):
        make.paid_invoice(customer, 2000, now=clock.now() - months * 30 * clock.DAY)


def _offer(make: Factories, customer: Customer) -> str:
    """An open quote for a plan and something that is paid once."""
    lines = [{"price": make.price().id}, {"price": make.price(recurring=None, unit_amount=4900).id}]
    quote = make.run(quotes.create, CreateQuote, customer=customer.id, line_items=lines, description=LONG)
    return make.run(quote_finalization.finalize, FinalizeQuote, quote).id


def add_rows(make: Factories, customer: Customer) -> dict[str, str]:
    """Documents, a tax ID and subscriptions; their ids by the names that `PAGES` has for them."""
    now, rate = clock.now(), make.tax_rate()
    make.run(customers.update, UpdateCustomer, customer, email_recipients=[{"email": ACCOUNTING}])
    paid = make.paid_invoice(customer, 12345678, 900, now=now - 40 * clock.DAY, default_tax_rates=[rate.id])
    late = {"collection_method": "send_invoice", "days_until_due": 14, "description": LONG}
    ending = make.subscription(customer, make.price(make.product(name="Silver plan")))
    make.run(updates.update_subscription, UpdateSubscription, ending, cancel_at_period_end=True)
    paused = make.subscription(customer, make.price(make.product(name="Bronze plan")), now=now - 10 * clock.DAY)
    make.run(pauses.pause, PauseSubscription, paused, resumes_at=now + 30 * clock.DAY)
    make.run(balances.create, balances.CreateTransaction, customer, amount=-500, currency="eur")
    command = tax_ids.CreateTaxId
    person = CreateContact(email="lea.rosen@example.com", name="Lea Rosen", role="accountant")
    with make.database.writing(make.scope) as db:
        contact = contacts.create(db, customer.id, person, now=now)
    return {
        "contact": contact.id,
        **_add_card(make, customer),
        "account": _add_account(make, customer),
        "paid": paid.id,
        "note": make.credit_note(paid, 900, credit_amount=900, reason="order_change", memo=LONG).id,
        "late": make.invoice(customer, 4200, now=now - 30 * clock.DAY, **late).id,
        "quote": _offer(make, customer),
        "correctable": make.invoice(customer, 900).id,
        "void": make.run(statuses.void, ExpandableCommand, make.invoice(customer)).id,
        "year": str(zones.day_of(now, zones.DEFAULT).year),
        "recipient": address_key(ACCOUNTING),
        "number": make.run(tax_ids.create, command, customer=customer.id, type="eu_vat", value="DE136695976").id,
        "plan": make.subscription(customer, now=now - 10 * clock.DAY).id,
        "ending": ending.id,
        "paused": paused.id,
    }


def _add_account(make: Factories, customer: Customer) -> str:
    """Two bank accounts; the id of the default one."""
    consent, seal = Consent({"type": "offline"}), Seal(["of the tests"])
    for iban in ("FR1420041010050500013M02606", "DE89370400440532013000"):
        sent = {"type": "sepa_debit", "sepa_debit": {"iban": iban}, "billing_details": {"name": LONG}}
        command = parse_command(CreatePaymentMethod, sent)
        with make.database.writing(make.scope) as db:
            added = own_methods.add(db, customer.id, command, consent, seal=seal, now=clock.now()).id
    return added


def _add_card(make: Factories, customer: Customer) -> dict[str, str]:
    """A card that expires this month, and a payment by it that the customer has to confirm; their ids."""
    now, open_invoice = clock.now(), make.invoice(customer, 2400)
    at = clock.utc_datetime(now)
    given = GivenMethod("tok_authenticationRequired", at.month, at.year)
    with make.database.writing(make.scope) as db:
        card = own_methods.add_card(db, customer.id, given, BillingDetails(name=LONG), now=now)
        intent = attempts.begin(db, locks.invoice_by_id(db, open_invoice.id), card, None, now=now)
        intent.status = "requires_action"
        attempts.ask_again(intent, None)
    return {"card": card.id, "payment": intent.id, "confirmable": open_invoice.id}


def add_credit(make: Factories, customer: Customer) -> None:
    """Credit that no invoice has used up; it comes last."""
    make.run(balances.create, balances.CreateTransaction, customer, amount=-1200, currency="eur")


def add_plans(plans: Plans, customer: Customer) -> dict[str, str]:
    """Subscriptions whose plan can be changed, or is being changed; their ids."""
    make, began = plans.make, clock.now() - 10 * clock.DAY
    upgradable = make.subscription(customer, plans.silver, now=began)
    coming = make.subscription(customer, plans.gold, now=began)
    kind = {"collection_method": "charge_automatically", "days_until_due": None}
    # begun now: the worker of the live portal ends what nobody pays for a day
    unpaid = make.subscription(customer, plans.silver, **kind)
    with make.database.reading(make.scope) as db:
        first = db.get_one(Invoice, (unpaid.tenant_id, unpaid.latest_invoice_id))
    make.run(payments.pay, PayInvoice, first, paid_out_of_band=True)
    features = plans.configuration.features
    for plan, price in ((coming, plans.silver), (unpaid, plans.gold)):
        with make.database.writing(make.scope) as db:
            row = db.get_one(Subscription, (plan.tenant_id, plan.id))
            wanted = PlanChange(price.id, 1)
            plan_changes.change_plan(db, row, features, wanted, session_id="bps_other", now=clock.now())
    return {"upgradable": upgradable.id, "coming": coming.id, "unpaid": unpaid.id, "gold": plans.gold.id}


def _links(live: Live, make: Factories, customer: Customer, ids: dict[str, str]) -> dict[str, str]:
    """Paths that are open to whoever has them."""
    key, now = live.settings.secret_key, clock.now()
    links, tenant_id = DocumentLinks("", [key]), make.scope.tenant_id
    public = links.document("invoice", tenant_id, ids["late"])
    with make.database.reading(make.scope) as db:
        ending, coming = (db.get_one(Subscription, (tenant_id, ids[name])) for name in ("ending", "coming"))
        schedule = db.get_one(SubscriptionSchedule, (tenant_id, coming.schedule_id))
        contact = db.get_one(Contact, (tenant_id, ids["contact"]))
    join = links.invitation(tenant_id, contact.id, contact.invited_at or 0)
    keep = links.plan_undo(tenant_id, ending.id, plan_undo.cancellation_mark(ending))
    phase = schedule.phases[-1]
    (item,) = phase["items"]
    mark = plan_undo.change_mark(schedule.id, phase["start_date"], item["price"], item["quantity"])
    keep_change = links.plan_undo(tenant_id, coming.id, mark)
    code = codes.new_code(key)
    moved = make.customer(email="old@example.com", preferred_locales=customer.preferred_locales)
    with live.database.writing(make.scope) as db:
        wanted = email_changes.RequestEmailChange("bps_other", "new@example.com", code.hash)
        change = email_changes.request(db, db.merge(moved), wanted, now=now)
        db.flush()
        token = session_secrets.new_link_secret()
        done = email_changes.ConfirmEmailChange("old@example.com", session_secrets.hash_secret(token))
        email_changes.confirm(db, change.id, done, now=now)
    return {
        "public": public,
        "offered": links.document("quote", tenant_id, ids["quote"]),
        "keep": keep,
        "keep_change": keep_change,
        "undo": f"/undo/{token}",
        "join": join,
        "cancel": _cancel_page(make, "cancel"),
        "withdraw": _cancel_page(make, "withdraw"),
        "receipt": links.document("cancellation_notice", tenant_id, make.cancellation_notice(reason="Moved").id),
    }


def _cancel_page(make: Factories, verb: str) -> str:
    """The path of a public page to cancel, or to withdraw."""
    command = configurations.UpdateConfiguration
    own = make.configuration(subscription_withdrawal={"enabled": True})
    row = make.run(configurations.update, command, own, cancel_page={"enabled": True})
    return f"/{verb}/{row.cancel_token}"
