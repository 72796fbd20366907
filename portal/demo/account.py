"""The demo merchant's account: its look, its bank details, and what its customers may do in the portal."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.accounts.account_updates import UpdateAccount, update_account
from portal.billing.checkout import links
from portal.billing.checkout.params import CreatePaymentLink
from portal.billing.configurations import configurations
from portal.billing.ledger import tax_ids
from portal.demo.catalogue import subscription_update_feature
from portal.demo.use_cases import run_use_case
from portal.models import Configuration, Price
from portal.rules.portal_features import UPDATABLE_DETAILS
from portal.wire.commands import parse_command

CONFIGURATION: dict[str, Any] = {
    "business_profile": {
        "headline": "Rocket Rides partners with you for every journey",
        "privacy_policy_url": "https://example.com/privacy",
        "terms_of_service_url": "https://example.com/terms",
    },
    "features": {
        "customer_update": {
            "enabled": True,
            "allowed_updates": list(UPDATABLE_DETAILS),
        },
        "contacts": {"enabled": True},
        "invoice_correction": {"enabled": True},
        "invoice_history": {"enabled": True},
        "payment_calendar": {"enabled": True},
        "quotes": {"enabled": True},
        "spending": {"enabled": True},
        "visits": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {
            "enabled": True,
            "cancellation_reason": {
                "enabled": True,
                "options": ["too_expensive", "missing_features", "switched_service", "unused", "other"],
            },
        },
    },
}


def set_up_account(db: Session, account_id: str, now: int) -> None:
    """Set the public details, the address, the time zone, the branding and the bank account."""
    sent = {
        "business_profile": {"support_email": "billing@example.com", "support_url": "https://example.com/help"},
        "company": {
            "name": "Rocket Rides GmbH",
            "address": {"line1": "Torstraße 45", "postal_code": "10119", "city": "Berlin", "country": "DE"},
        },
        "settings": {
            "branding": {"primary_color": "#123a6b", "secondary_color": "#1668c4"},
            "dashboard": {"timezone": "Europe/Berlin"},
            "invoices": {
                "bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"},
                "footer": "Geschäftsführerin: Greta Sommer · Amtsgericht Charlottenburg, HRB 12345 B",
            },
            "payments": {"provider": "sandbox"},
        },
    }
    update_account(db, accounts.find_account(db, account_id), parse_command(UpdateAccount, sent))
    run_use_case(db, tax_ids.create, tax_ids.CreateTaxId, now, type="eu_vat", value="DE129273398")


def mail_invoices(db: Session, account_id: str) -> None:
    """Have invoices go to the customers by themselves; those of the year that is made up went long ago."""
    sent = parse_command(UpdateAccount, {"settings": {"emails": {"invoices": True}}})
    update_account(db, accounts.find_account(db, account_id), sent)


def create_payment_link(db: Session, price: Price, now: int) -> None:
    """A public address that sells the plan, paid by a card of the sandbox or by transfer."""
    sent = {"line_items": [{"price": price.id}], "subscription_data": {"description": "Bought in the sample shop"}}
    run_use_case(db, links.create, CreatePaymentLink, now, **sent)


def create_configuration(db: Session, offered: list[Price], now: int) -> Configuration:
    """The configuration of the demo's portal, in which customers may change between these prices."""
    features = {**CONFIGURATION["features"], "subscription_update": subscription_update_feature(offered)}
    sent = {**CONFIGURATION, "features": features}
    made: Configuration = run_use_case(db, configurations.create, configurations.CreateConfiguration, now, **sent)
    return made
