"""Who buys: the customer that a completed session is for, made or changed by what was typed on the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import custom_fields, shipping
from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer, TaxIdData, UpdateCustomer
from portal.billing.ledger import locks, tax_ids
from portal.models import CheckoutSession, Customer
from portal.objects.customers import render_address
from portal.wire.commands import parse_command


@dataclass(frozen=True)
class Buyer:
    """What a customer typed on the page; None for what the page did not ask for.

    `address` and `shipping` are the parameters of a command, `tax_id` a type and a value, `locale` the language of the
    page, `answers` what was typed into the merchant's own fields, by their keys, `promotions` whether the merchant may
    write of its offers.
    """

    email: str | None = None
    name: str | None = None
    business_name: str | None = None
    individual_name: str | None = None
    phone: str | None = None
    address: dict[str, str] | None = None
    tax_id: tuple[str, str] | None = None
    locale: str | None = None
    shipping: dict[str, Any] | None = None
    promotions: bool | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


def resolve(db: Session, session: CheckoutSession, buyer: Buyer, *, now: int) -> Customer:
    """The customer, locked: a new one, or the session's own. Raises what creating and changing a customer do."""
    if session.customer_id is None:
        customer = customers.create(db, _new_customer(buyer), now=now)
        db.flush()
        return locks.billable_customer(db, customer.id)
    customer = locks.billable_customer(db, session.customer_id)
    if values := _changes(session, customer, buyer):
        customers.update(db, customer, parse_command(UpdateCustomer, values), now=now)
    if buyer.tax_id and not _has_tax_id(db, customer, buyer.tax_id):
        type, value = buyer.tax_id
        tax_ids.create(db, tax_ids.CreateTaxId(customer=customer.id, type=type, value=value), now=now)
    return customer


def describe(db: Session, customer: Customer, buyer: Buyer) -> dict[str, Any]:
    """The wire's `customer_details`: what was known and typed as the session was completed."""
    own = tax_ids.list_for_customer(db, customer.id)
    return {
        "address": render_address(buyer.address or customer.address or {}),
        "business_name": buyer.business_name or customer.business_name,
        "email": customer.email,
        "individual_name": buyer.individual_name or customer.individual_name,
        "name": buyer.name or customer.name,
        "phone": buyer.phone or customer.phone,
        "tax_exempt": customer.tax_exempt,
        "tax_ids": [{"type": each.type, "value": each.value} for each in own],
    }


def collect(session: CheckoutSession, buyer: Buyer) -> dict[str, Any]:
    """What a session keeps of what was typed, beside the wire's `customer_details`. Raises `InvalidRequest`."""
    return {
        "business_name": buyer.business_name,
        "individual_name": buyer.individual_name,
        "custom_fields": custom_fields.check_answers(session, buyer.answers),
        "shipping_details": shipping.check_details(session, buyer.shipping),
    }


def _new_customer(buyer: Buyer) -> CreateCustomer:
    values: dict[str, Any] = {
        "email": buyer.email,
        "name": buyer.name,
        "business_name": buyer.business_name,
        "individual_name": buyer.individual_name,
        "phone": buyer.phone,
        "address": buyer.address,
        "shipping": buyer.shipping,
        "preferred_locales": [buyer.locale] if buyer.locale else None,
    }
    command = parse_command(CreateCustomer, {name: value for name, value in values.items() if value})
    if buyer.tax_id is None:
        return command
    type, value = buyer.tax_id
    return command.model_copy(update={"tax_id_data": [TaxIdData(type=type, value=value)]})


def _changes(session: CheckoutSession, customer: Customer, buyer: Buyer) -> dict[str, Any]:
    """What replaces the customer's own: what `customer_update` lets, and what is not known yet."""
    lets = session.settings.get("customer_update") or {}
    typed: dict[str, Any] = {"name": buyer.name, "address": buyer.address, "phone": buyer.phone, "email": buyer.email}
    typed |= {
        "business_name": buyer.business_name,
        "individual_name": buyer.individual_name,
        "shipping": buyer.shipping,
    }
    return {
        name: value
        for name, value in typed.items()
        if value and (lets.get(name.rpartition("_")[2]) == "auto" or not getattr(customer, name))
    }


def consent(buyer: Buyer, *, agreed: bool) -> dict[str, Any] | None:
    """The wire's `consent`: to the terms, and to be written to; None where neither was asked for."""
    told = {"promotions": "opt_in" if buyer.promotions else "opt_out"} if buyer.promotions is not None else {}
    found = {**({"terms_of_service": "accepted"} if agreed else {}), **told}
    return found or None


def _has_tax_id(db: Session, customer: Customer, tax_id: tuple[str, str]) -> bool:
    return any((each.type, each.value) == tax_id for each in tax_ids.list_for_customer(db, customer.id))
