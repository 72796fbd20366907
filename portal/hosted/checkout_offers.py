"""What a checkout page shows and asks for: the session behind a link, its merchant, and its ways to pay."""

from dataclasses import dataclass, field, replace
from typing import Any

from flask import abort
from sqlalchemy.orm import Session

from portal import clock, i18n
from portal.billing.checkout import amounts, session_checks, sessions, started_sessions, ways
from portal.billing.checkout.order_states import OrderState
from portal.billing.checkout.params import SESSION_ID
from portal.billing.customers import test_clocks
from portal.billing.payment_methods import mandates
from portal.db import Scope, find_row
from portal.hosted import checkout_choices, frames, languages
from portal.hosted.visits import Embed
from portal.models import Account, CheckoutSession, Customer, Invoice, PaymentMethod
from portal.rules.creditors import Creditor
from portal.web.requests import request_origin
from portal.web.services import services


@dataclass(frozen=True)
class CheckoutOffer:
    """A session as its page shows it. `asked` are the fields of the form, `known` what they start with.

    `ways` are those that can be chosen from, none where nothing is to be paid, and `kept` the customer's own methods.
    `order` is how the payment stands of what was ordered already. `collects` says whether what was bought is paid
    without the customer. With `leads_elsewhere`, cards are given on the provider's page. `billed_now` is the time in
    which the customer lives, and `embed` the page that shows the checkout within it.
    """

    scope: Scope
    session: CheckoutSession
    customer: Customer | None
    contact: dict[str, str | None]
    terms_url: str | None
    creditor: Creditor | None
    ways: list[ways.Way]
    kept: list[PaymentMethod]
    order: OrderState | None
    billed_now: int
    language: str
    collects: bool = False
    embed: Embed | None = None
    leads_elsewhere: bool = False
    asked: frozenset[str] = frozenset()
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        """What is due at once, in minor units."""
        return amounts.amount_total(self.session)

    @property
    def needs_address(self) -> bool:
        """Whether nobody can buy without an address."""
        return self.session.settings.get("billing_address_collection") == "required"

    def is_optional(self, name: str) -> bool:
        """Whether `business_name` or `individual_name` may stay empty."""
        return bool(self._asked_name(name).get("optional"))

    def asks_for(self, name: str) -> bool:
        """Whether the page asks for `business_name` or `individual_name`."""
        return bool(self._asked_name(name).get("enabled"))

    def _asked_name(self, name: str) -> dict[str, Any]:
        names = self.session.settings.get("name_collection") or {}
        return names.get(name.removesuffix("_name")) or {}

    @property
    def reference(self) -> str:
        """The reference of the mandate that the page asks for."""
        prefix = self.customer.invoice_prefix if self.customer else None
        return mandates.build_reference(prefix, self.session.id)

    @property
    def is_open(self) -> bool:
        """Whether it can be bought, or paid by another method once the first one was refused."""
        if self.order is not None and self.order.name != "refused":
            return False
        return self.session.status == "open" and self.session.expires_at > clock.now()

    @property
    def takes_cards(self) -> bool:
        """Whether a card can be given on the page."""
        return any(way.type == "card" for way in self.ways)

    @property
    def takes_debits(self) -> bool:
        """Whether a bank account can be given on the page."""
        return any(way.type == "sepa_debit" for way in self.ways)

    def reading(self) -> Any:
        """A context with a reading database session within the merchant's account and mode."""
        return services().database.reading(self.scope)

    def writing(self) -> Any:
        """A context with a writing database session within the merchant's account and mode."""
        origin = request_origin("customer", self.session.customer_id, session=self.session.id)
        return services().database.writing(self.scope, origin)

    def find_session(self, db: Session) -> CheckoutSession:
        """The row of the session, to be changed."""
        return sessions.find(db, self.session.id)

    @property
    def success_url(self) -> str | None:
        """Where a purchase leads; None for a page of the portal."""
        url = self.session.success_url
        return url.replace(SESSION_ID, self.session.id) if url else None

    def path_after(self, secret: str) -> str:
        """Where a click leads: to the payment that it began, to the merchant, or to a page of the portal."""
        if self.order is not None:
            return f"/checkout/{secret}"
        if self.session.status == "complete" and self.success_url is not None:
            return self.success_url
        return f"/checkout/{secret}/done"


def find(secret: str) -> CheckoutOffer:
    """The offer of a link, with frame, zone and language of the answer set; an unknown link is 404."""
    with services().database.reading() as db:
        scope, id = sessions.find_by_secret(db, secret) or abort(404)
        account = db.get_one(Account, scope.account_id)
    with services().database.reading(scope) as db:
        session = sessions.find(db, id)
        _use_language(session)
        languages.use_zone_of(account)
        return _build(db, scope, account, session)


def use_link_frame(scope: Scope) -> dict[str, str | None]:
    """Show the merchant of a payment link around the answer; the merchant's contact."""
    with services().database.reading() as db:
        account = db.get_one(Account, scope.account_id)
    frames.use_frame(frames.frame_of_account(account, livemode=scope.livemode))
    return frames.contact_of_account(account)


def _build(db: Session, scope: Scope, account: Account, session: CheckoutSession) -> CheckoutOffer:
    profile, shown_by = session_checks.find_profile(db), started_sessions.find_embed(db, session)
    embed = Embed(**shown_by) if shown_by else None
    frames.use_frame(
        replace(
            frames.frame_of_account(account, livemode=scope.livemode),
            privacy_url=profile.get("privacy_policy_url"),
            terms_url=profile.get("terms_of_service_url"),
            **frames.embedded_look(embed),
        )
    )
    customer = find_row(db, Customer, session.customer_id, noun="customer") if session.customer_id else None
    billed_now = test_clocks.time_for_row(db, customer) if customer else clock.now()
    offer = CheckoutOffer(
        scope=scope,
        session=session,
        customer=customer,
        contact=frames.contact_of_account(account),
        terms_url=profile.get("terms_of_service_url"),
        creditor=mandates.find_creditor(db),
        ways=checkout_choices.list_ways(db, session),
        kept=checkout_choices.list_kept(db, session, customer, billed_now),
        order=checkout_choices.find_order(db, session),
        billed_now=billed_now,
        language=languages.language_tag(),
        collects=_is_collected(db, session),
        embed=embed,
        leads_elsewhere=checkout_choices.leads_elsewhere(db),
    )
    asked = _list_asked(offer)
    return replace(offer, asked=asked, known=_list_known(offer))


def _is_collected(db: Session, session: CheckoutSession) -> bool:
    if session.invoice_id is None:
        return False
    return find_row(db, Invoice, session.invoice_id, noun="invoice").collection_method == "charge_automatically"


def _list_asked(offer: CheckoutOffer) -> frozenset[str]:
    """The fields of the form for what the merchant asks and is not known."""
    session, customer, settings = offer.session, offer.customer, offer.session.settings
    lets = settings.get("customer_update") or {}
    takes_tax_id = bool((settings.get("tax_id_collection") or {}).get("enabled"))
    names = ("business_name", "individual_name")
    # one of them is typed in any case, and is the name of the customer
    stands_for_name = any(offer.asks_for(name) and not offer.is_optional(name) for name in names)
    delivers = bool(settings.get("shipping_address_collection"))
    wants_address = offer.needs_address or takes_tax_id
    paying = {
        "way": len(offer.ways) + len(offer.kept) > 1,
        **dict.fromkeys(("holder", "iban", "agree"), offer.takes_debits),
        "card": offer.takes_cards and not offer.leads_elsewhere,
        "keep": offer.takes_cards and offer.leads_elsewhere and session.mode == "payment",
    }
    if offer.order is not None:
        return frozenset(name for name, is_asked in paying.items() if is_asked)
    asked = {
        **paying,
        "code": bool(settings.get("allow_promotion_codes")),
        "email": not session.customer_email and not (customer and customer.email),
        **{name: offer.asks_for(name) for name in names},
        "name": not stands_for_name and (customer is None or not customer.name or lets.get("name") == "auto"),
        "promotions": (settings.get("consent_collection") or {}).get("promotions") == "auto",
        "phone": bool((settings.get("phone_number_collection") or {}).get("enabled")),
        "address": wants_address
        and (customer is None or takes_tax_id or not customer.address or lets.get("address") == "auto"),
        "shipping": delivers,
        "shipping_rate": len(settings.get("shipping_options") or []) > 1,
        "tax_id": takes_tax_id,
        "terms": (settings.get("consent_collection") or {}).get("terms_of_service") == "required",
    }
    asked["same"] = delivers and bool(asked["address"])
    return frozenset(name for name, is_asked in asked.items() if is_asked)


def _list_known(offer: CheckoutOffer) -> dict[str, Any]:
    """What the fields start with."""
    customer, settings = offer.customer, offer.session.settings
    quantities = {f"quantity_{at}": str(line["quantity"]) for at, line in enumerate(offer.session.lines)}
    known = {
        "code": settings.get("code", ""),
        "email": settings.get("prefilled_email", ""),
        "name": customer.name if customer else None,
        "business_name": customer.business_name if customer else None,
        "individual_name": customer.individual_name if customer else None,
        "phone": customer.phone if customer else None,
        "address": (customer.address or {}) if customer else {},
        "way": next(iter([*(each.id for each in offer.kept), *(way.type for way in offer.ways)]), None),
    }
    return {**known, **quantities}


def _use_language(session: CheckoutSession) -> None:
    """Answer in the session's language, else in the browser's."""
    if session.locale and session.locale != "auto":
        languages.use_language(i18n.best_locale([session.locale]))
