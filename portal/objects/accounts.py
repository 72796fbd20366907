"""The merchant's account. Beyond the reference: `settings.invoices.bank_transfer` and `settings.portal`."""

from __future__ import annotations

from typing import Any

from portal.models import Account
from portal.wire.shape import Context, Shape, nulls

EMPTY_ADDRESS = nulls("city", "country", "line1", "line2", "postal_code", "state")


def account(row: Account) -> dict[str, Any]:
    """The wire object of an account; it has no mode and no expandable parts."""
    return SHAPE(row, Context(livemode=True, links=None))  # type: ignore[arg-type]


def _business_profile(row: Account, context: Context) -> dict[str, Any]:
    keys = nulls("mcc", "name", "product_description", "support_address", "support_email", "support_phone")
    return {**keys, **nulls("support_url", "url"), **row.business_profile}


def _company(row: Account, context: Context) -> dict[str, Any]:
    return {"address": EMPTY_ADDRESS, "name": None, "phone": None, **row.company}


def _settings(row: Account, context: Context) -> dict[str, Any]:
    stored = row.settings
    return {
        "branding": nulls("icon", "logo", "primary_color", "secondary_color") | stored.get("branding", {}),
        "dashboard": {"display_name": row.business_profile.get("name"), "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None, "bank_transfer": None}
        | stored.get("invoices", {}),
        "payments": nulls("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji"),
        "portal": {"default_locale": None} | stored.get("portal", {}),
    }


SHAPE = Shape(
    "account",
    same=("country", "created", "default_currency", "email"),
    fields={
        "business_profile": _business_profile,
        "business_type": None,
        "capabilities": lambda row, context: {},
        "charges_enabled": lambda row, context: False,
        "company": _company,
        "controller": lambda row, context: {"type": "account"},
        "details_submitted": lambda row, context: True,
        "metadata": "metadata_",
        "payouts_enabled": lambda row, context: False,
        "settings": _settings,
        "tos_acceptance": None,
        "type": lambda row, context: "standard",
    },
)
