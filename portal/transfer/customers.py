"""Reads customers and their tax ids from either generation of the wire."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from portal.billing.customers.contact_params import CreateContact
from portal.billing.customers.numbering import PREFIX_LETTERS
from portal.billing.customers.params import EmailRecipient, UpdateCustomer
from portal.errors import InvalidRequest
from portal.transfer.discounts import discount_ids
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import Link, RefusedObject, linked_id
from portal.wire.commands import Address, parse_command

Object = Mapping[str, Any]
Columns = dict[str, Any]


def customer_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a customer that have another form on the wire. Raises `RefusedObject` for other balances."""
    shipping = object.get("shipping")
    _refuse_other_balances(object)
    return {
        "address": clean_address(object.get("address")),
        "shipping": shipping and _shipping(shipping),
        "discount_id": next(iter(discount_ids(object)), None),
        "invoice_settings": _invoice_settings(object),
        "invoice_prefix": object.get("invoice_prefix") or "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8)),
        "next_invoice_sequence": object.get("next_invoice_sequence") or 1,
        "preferred_locales": object.get("preferred_locales") or [],
        "tax_exempt": object.get("tax_exempt") or "none",
        "unsubscribed_from": object.get("unsubscribed_from") or [],
        "email_recipients": _email_recipients(object),
        "balance": object.get("balance", object.get("account_balance")) or 0,
        "email_folded": str(object.get("email") or "").casefold() or None,
    }


def customer_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What the bills of a customer stand on."""
    if row.get("discount_id"):
        yield "discounts", row["discount_id"]
    if row.get("test_clock_id"):
        yield "test_clocks", row["test_clock_id"]


def _shipping(sent: Object) -> Columns:
    """Where to ship; who carries it is there where somebody said so."""
    carried = {key: sent[key] for key in ("carrier", "tracking_number") if sent.get(key)}
    return {
        "name": sent.get("name"),
        "phone": sent.get("phone"),
        "address": clean_address(sent.get("address")),
        **carried,
    }


def _invoice_settings(object: Object) -> Columns:
    """The settings that say something. A payment source of older generations is named like a payment method."""
    settings = {key: value for key, value in (object.get("invoice_settings") or {}).items() if value is not None}
    source = linked_id(object.get("default_source"))
    return {"default_payment_method": source, **settings} if source else settings


def _email_recipients(object: Object) -> list[Columns]:
    """Who gets mails too. Raises `RefusedObject` for what a call would refuse: nobody else may get documents."""
    given = object.get("email_recipients") or []
    if not given:
        return []
    if not (isinstance(given, list) and all(isinstance(each, dict) for each in given)):
        raise RefusedObject("email_recipients: this is no list of recipients")
    sent = [{key: each[key] for key in EmailRecipient.model_fields if key in each} for each in given]
    try:
        command = parse_command(UpdateCustomer, {"email_recipients": sent})
    except InvalidRequest as error:
        raise RefusedObject(f"{error.param}: {error.message}") from None
    failures = [_mail_failure(each.get("failure")) for each in given]
    return [each.to_stored(failure) for each, failure in zip(command.email_recipients, failures, strict=True)]


def _mail_failure(told: Any) -> Columns | None:
    """The last mail to a recipient that didn't arrive, as it is stored; None for what tells of none."""
    if not (isinstance(told, dict) and isinstance(told.get("at"), int)):
        return None
    return {"at": told["at"], "mail": str(told.get("mail")), "message": str(told.get("message"))}


def _refuse_other_balances(object: Object) -> None:
    """Raises `RefusedObject` for a balance in a currency that is not the customer's."""
    for currency, amount in (object.get("invoice_credit_balance") or {}).items():
        if amount and (currency != object.get("currency") or amount != object.get("balance")):
            raise RefusedObject(f"invoice_credit_balance: a balance of {amount} in {currency} has no place here")


def clean_address(sent: Object | None) -> Columns | None:
    """An address with the stored keys only, or None."""
    return {key: sent.get(key) for key in Address.model_fields} if sent else None


def tax_id_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a tax ID that have another form on the wire."""
    owner, verification = object.get("owner") or {}, object.get("verification") or {}
    return {
        "customer_id": linked_id(object.get("customer")) or linked_id(owner.get("customer")),
        "verification": verification.get("status") or "unavailable",
    }


def contact_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a contact that have another form, checked as by a call: nobody else may be let in."""
    sent = {key: object[key] for key in ("email", "name", "role", "locale") if object.get(key) is not None}
    try:
        command = parse_command(CreateContact, sent)
    except InvalidRequest as error:
        raise RefusedObject(f"{error.param}: {error.message}") from None
    return {"email": command.email, "email_folded": command.email.casefold()}
