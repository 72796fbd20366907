"""What sessions and links can't be: settings that don't go together, and sales that nobody could pay."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.checkout import custom_fields, shipping, ways
from portal.billing.checkout.params import CreateCheckoutSession, PageParams
from portal.billing.configurations import payment_method_configurations
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.ledger import locks
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.models import Configuration, Customer
from portal.rules.statuses import CheckoutMode


def refuse_urls(db: Session, command: CreateCheckoutSession) -> None:
    """Raises `InvalidRequest` for a way back that others could listen in on."""
    for name in ("success_url", "cancel_url"):
        refuse_plain_http(scope_of(db), getattr(command, name), name)


def refuse_settings(db: Session, command: PageParams, mode: CheckoutMode) -> None:
    """Raises `InvalidRequest` for settings that don't go with the mode, or for terms that are nowhere to be read."""
    fitting = {"invoice_creation": "payment", "subscription_data": "subscription", "setup_intent_data": "setup"}
    for name, only in fitting.items():
        if getattr(command, name, None) is not None and mode != only:
            raise InvalidRequest(f"You can only send {name} in {only} mode.", param=name)
    if mode == "setup" and command.allow_promotion_codes:
        raise InvalidRequest("A session in setup mode sells nothing.", param="allow_promotion_codes")
    data: Any = getattr(command, "subscription_data", None)
    if data and data.trial_period_days and getattr(data, "trial_end", None):
        raise InvalidRequest("Send trial_end or trial_period_days, not both.", param="subscription_data[trial_end]")
    custom_fields.refuse_wrong(command.custom_fields)
    shipping.refuse_no_country(command.model_dump(include={"shipping_address_collection"}), mode)
    asked = command.consent_collection
    if asked and asked.terms_of_service == "required" and not find_profile(db).get("terms_of_service_url"):
        raise InvalidRequest(
            "Say where your terms are first: in business_profile[terms_of_service_url] of the default configuration of"
            " the portal.",
            param="consent_collection[terms_of_service]",
        )


def find_customer(db: Session, command: CreateCheckoutSession) -> Customer | None:
    """Who buys, locked; None for somebody new. Raises `InvalidRequest` for parameters that exclude each other."""
    if command.customer is None:
        if command.customer_update is not None:
            raise InvalidRequest("customer_update goes with customer.", param="customer_update")
        return None
    if command.customer_email is not None:
        raise InvalidRequest(
            "You may only specify one of these parameters: customer, customer_email.", param="customer_email"
        )
    return locks.billable_customer(db, command.customer)


def find_profile(db: Session) -> dict[str, Any]:
    """What the merchant says of itself beside the pages: the default configuration's, with its links."""
    found = db.scalar(select(Configuration.business_profile).where(Configuration.is_default))
    return found or {}


def refuse_no_way(db: Session, mode: CheckoutMode, currency: str | None, wanted: list[str]) -> None:
    """Raises `InvalidRequest` where nobody could pay: it says which settings of the account there are for it."""
    if ways.list_ways(db, mode, currency, wanted):
        return
    needed = "cards (settings[payments][provider]) or direct debits (settings[direct_debit])"
    if mode != "setup":
        needed += " in eur, or bank transfers (settings[invoices][bank_transfer])"
    raise InvalidRequest(
        f"Your account has no way to pay this. Set up {needed} first.",
        param="payment_method_types" if wanted else "mode",
    )


def choose_types(db: Session, command: CreateCheckoutSession) -> dict[str, list[str]]:
    """The types of a session's configuration of payment methods, as they are now; nothing without one.

    Raises `InvalidRequest` for one that leaves none, or beside types, and what `refuse_unusable` does.
    """
    named, param = command.payment_method_configuration, "payment_method_configuration"
    if named is None:
        return {}
    if command.payment_method_types:
        raise InvalidRequest("Send payment_method_types or payment_method_configuration, not both.", param=param)
    payment_method_configurations.refuse_unusable(db, named, param)
    possible = [way.type for way in ways.WAYS if way.collects or command.mode != "setup"]
    types = payment_method_configurations.list_offered(db, named, possible)
    if not types:
        raise InvalidRequest("This configuration leaves nothing to pay by.", param=param)
    return {"payment_method_types": sorted(types)}
