"""Seller and buyer as they are copied onto an invoice when it is finalized."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal import i18n, zones
from portal.billing.accounts import accounts
from portal.billing.ledger import tax_ids
from portal.db import scope_of
from portal.models import CreditNote, Customer, Invoice, Quote, Subscription, TaxId
from portal.rules import tax_currencies

#: The look that documents have from now on: a folder's version in `templates/documents`.
DESIGN = "v2"
#: What documents keep of a customer's metadata for e-invoices, and of the invoice's own, which goes before it.
CUSTOMER_METADATA_KEYS = ("buyer_reference", "endpoint", "purchase_order", "register_number")
INVOICE_METADATA_KEYS = ("buyer_reference", "creditor_reference", "purchase_order")


def seller(db: Session, chosen_tax_ids: list[str] | None) -> dict[str, Any]:
    """The merchant: display and legal name, address, contact, tax ids, bank account, footer, colours, time zone."""
    account = accounts.find_account(db, scope_of(db).account_id)
    profile, company, settings = account.business_profile, account.company, account.settings
    invoices = settings.get("invoices", {})
    chosen = chosen_tax_ids or invoices.get("default_account_tax_ids")
    return {
        "name": profile.get("name"),
        "legal_name": company.get("name") or profile.get("name"),
        "address": company.get("address") or profile.get("support_address"),
        "country": account.country,
        "email": profile.get("support_email"),
        "phone": profile.get("support_phone"),
        "url": profile.get("support_url") or profile.get("url"),
        "tax_ids": _render_tax_ids(tax_ids.list_for_account(db, chosen)),
        "bank_transfer": invoices.get("bank_transfer"),
        "e_invoices": invoices.get("e_invoices"),
        "footer": invoices.get("footer"),
        "primary_color": settings.get("branding", {}).get("primary_color"),
        "logo": settings.get("branding", {}).get("logo"),
        "design": DESIGN,
        # documents of before are paid with their number, and have no Swiss payment slip
        "creditor_references": True,
        "qr_bills": True,
        "default_locale": settings.get("portal", {}).get("default_locale"),
        "timezone": zones.of_account(settings),
    }


def seller_for_invoice(db: Session, invoice: Invoice) -> dict[str, Any]:
    """The merchant as an invoice that is finalized now shows it."""
    return with_tax_currency(seller(db, invoice.account_tax_ids), invoice.currency, invoice.metadata_)


def footer(row: Invoice | CreditNote | Quote) -> str | None:
    """The footer of a document: its own text, else the merchant's footer as it was frozen."""
    return getattr(row, "footer", None) or (row.seller or {}).get("footer")


def with_tax_currency(seller: dict[str, Any], currency: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The seller of an invoice in `currency`, with the second currency in which its tax is shown (`tax_currencies`)."""
    asked = tax_currencies.requested_conversion(seller.get("e_invoices"), seller.get("country"), currency, metadata)
    return {**seller, "tax_currency": asked} if asked else seller


def buyer(
    db: Session, customer: Customer, subscription: Subscription | None, metadata: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The customer with the tax ids that are stored; `metadata` are the invoice's own."""
    return describe_buyer(db, customer, tax_ids.list_for_customer(db, customer.id), subscription, metadata)


def describe_buyer(
    db: Session,
    customer: Customer,
    registered: Sequence[TaxId],
    subscription: Subscription | None = None,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The customer: names, addresses, tax ids, the language of the document, and what its e-invoice refers to.

    `address` is where the bill goes, and falls back to the place of delivery; `customer_address` is the customer's own.
    """
    names = {key: getattr(customer, key) for key in ("business_name", "individual_name") if getattr(customer, key)}
    return {
        "name": customer.name or customer.business_name or customer.individual_name,
        **names,
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address or (customer.shipping or {}).get("address"),
        "customer_address": customer.address,
        "shipping": customer.shipping,
        "tax_exempt": customer.tax_exempt,
        "tax_ids": _render_tax_ids(registered),
        "locale": customer_locale(db, customer),
        "e_invoices": pick_metadata(customer.metadata_, CUSTOMER_METADATA_KEYS)
        | pick_metadata(metadata or {}, INVOICE_METADATA_KEYS),
        "subscription_metadata": subscription.metadata_ if subscription else None,
    }


def pick_metadata(metadata: Mapping[str, str], keys: tuple[str, ...]) -> dict[str, str]:
    """The entries of `metadata` with these keys."""
    return {key: metadata[key] for key in keys if key in metadata}


def customer_locale(db: Session, customer: Customer) -> str:
    """The language of a customer's documents: the customer's, else the merchant's; English as the country writes it."""
    account = accounts.find_account(db, scope_of(db).account_id)
    default = account.settings.get("portal", {}).get("default_locale")
    address = customer.address or (customer.shipping or {}).get("address") or {}
    return i18n.regional_locale(i18n.best_locale([*customer.preferred_locales, default]), address.get("country"))


def account_zone(db: Session) -> str:
    """The time zone in which the merchant counts days now."""
    return zones.of_account(accounts.find_account(db, scope_of(db).account_id).settings)


def _render_tax_ids(rows: Sequence[TaxId]) -> list[dict[str, Any]]:
    return [{"type": row.type, "value": row.value} for row in rows]
