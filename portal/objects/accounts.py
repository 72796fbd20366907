"""The wire form of the merchant's account.

Beyond the reference: `settings.bank`, `.billing`, `.collection`, `.direct_debit`, `.emails`, `.invoices.bank_transfer`,
`.invoices.e_invoices`, `.invoices.footer`, `.invoices.numbering`, `.payments.provider` and `.portal`.
"""

from collections.abc import Mapping
from typing import Any

from portal import zones
from portal.models import Account
from portal.rules import mails
from portal.rules.events import EVENT_SWITCHES
from portal.rules.steps import UPCOMING_DAYS
from portal.rules.tax_rounding import choose_rounding
from portal.wire.shape import Context, Shape, null_fields, render_list

EMPTY_ADDRESS = null_fields("city", "country", "line1", "line2", "postal_code", "state")
BUSINESS_PROFILE = null_fields(
    "annual_revenue",
    "estimated_worker_count",
    "mcc",
    "minority_owned_business_designation",
    "monthly_estimated_revenue",
    "name",
    "product_description",
    "specified_commercial_transactions_act_url",
    "support_address",
    "support_email",
    "support_phone",
    "support_url",
    "url",
)
COMPANY = null_fields(
    "address",
    "address_kana",
    "address_kanji",
    "administrative_address",
    "directors_provided",
    "directorship_declaration",
    "executives_provided",
    "export_license_id",
    "export_purpose_code",
    "name",
    "name_kana",
    "name_kanji",
    "owners_provided",
    "ownership_declaration",
    "ownership_exemption_reason",
    "phone",
    "physical_address",
    "principal_place_of_business",
    "registration_date",
    "representative_declaration",
    "structure",
    "tax_id_provided",
    "tax_id_registrar",
    "vat_id_provided",
    "verification",
)
CONTROLLER = null_fields("fees", "is_controller", "losses", "requirement_collection", "stripe_dashboard")
PAYMENT_SETTINGS = null_fields(
    "bacs_debit_payments",
    "card_issuing",
    "payouts",
    "paypay_payments",
    "sepa_debit_payments",
    "treasury",
)
#: Beyond the reference: whose statements are taken in, and how much less than its amount pays an invoice.
BANK_DEFAULTS: dict[str, Any] = {"ibans": [], "underpayment_tolerance": 0}
#: Beyond the reference: who bills, what follows an invoice that stays unpaid, and when bills are foretold.
BILLING_DEFAULTS = {
    "mode": "automatic",
    "overdue_days": 30,
    "overdue_subscriptions": "leave",
    "upcoming_days": UPCOMING_DAYS,
}
#: Beyond the reference: how invoices are collected by direct debit.
COLLECTION_DEFAULTS: dict[str, Any] = {
    "format": "pain.008.001.08",
    "lead_days": 2,
    "on_exhausted": "leave",
    "prenotification_days": 14,
    "retry_days": [5, 10],
    "settles_after_days": None,
}
#: Beyond the reference: whether each customer has a sequence of invoice numbers, or all share the account's.
#: Whether customers may pay in parts, and how much at least.
PARTIAL_DEFAULTS: dict[str, Any] = {"enabled": False, "minimum": 100}

NUMBERING_DEFAULTS = {"prefix": "INV", "scheme": "customer"}
#: Beyond the reference: what e-invoices say, and which there are beside the PDF.
E_INVOICE_DEFAULTS: dict[str, Any] = {
    "contact": None,
    "endpoint": None,
    "formats": ["factur_x"],
    "register_number": None,
    "reverse_charge": None,
    "tax_currency": None,
    "untaxed": None,
}
PREFIXES = (
    "statement_descriptor_prefix",
    "statement_descriptor_prefix_kana",
    "statement_descriptor_prefix_kanji",
)
STATEMENT_DESCRIPTORS = (
    "statement_descriptor",
    "statement_descriptor_kana",
    "statement_descriptor_kanji",
    "statement_descriptor_prefix_kana",
    "statement_descriptor_prefix_kanji",
)


def render_account(row: Account, default_tax_ids: list[str]) -> dict[str, Any]:
    """The wire object of an account. It has no `livemode`, but each mode has its own default tax ids."""
    context = Context(livemode=True, links=None, preloaded={"tax_ids": {row.id: default_tax_ids}})  # type: ignore[arg-type]
    shown = SHAPE(row, context)
    del shown["livemode"]
    return shown


def _render_address(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if stored is None else {**EMPTY_ADDRESS, **stored}


def _business_profile(row: Account, context: Context) -> dict[str, Any]:
    profile = {**BUSINESS_PROFILE, **row.business_profile}
    return {**profile, "support_address": _render_address(profile["support_address"])}


def _company_details(row: Account, context: Context) -> dict[str, Any]:
    company = {**COMPANY, **row.company}
    return {**company, "address": _render_address(company["address"] or {})}


def _account_settings(row: Account, context: Context) -> dict[str, Any]:
    stored = row.settings
    bank_transfer = stored.get("invoices", {}).get("bank_transfer")
    return {
        **PAYMENT_SETTINGS,
        "card_payments": {"decline_on": None, **null_fields(*PREFIXES)},
        "bank": BANK_DEFAULTS | stored.get("bank", {}),
        "billing": BILLING_DEFAULTS | stored.get("billing", {}),
        "branding": null_fields("icon", "logo", "primary_color", "secondary_color") | stored.get("branding", {}),
        "collection": COLLECTION_DEFAULTS | stored.get("collection", {}),
        "dashboard": {"display_name": row.business_profile.get("name"), "timezone": zones.of_account(stored)},
        "direct_debit": null_fields("bic", "creditor_id", "creditor_name", "iban") | stored.get("direct_debit", {}),
        "emails": mails.mail_settings(stored),
        "invoices": {
            "bank_transfer": bank_transfer and null_fields("bic", "holder", "iban") | bank_transfer,
            "default_account_tax_ids": context.preloaded["tax_ids"][row.id] or None,
            "e_invoices": E_INVOICE_DEFAULTS | stored.get("invoices", {}).get("e_invoices", {}),
            "footer": stored.get("invoices", {}).get("footer"),
            "hosted_payment_method_save": None,
            "numbering": NUMBERING_DEFAULTS | stored.get("invoices", {}).get("numbering", {}),
            "tax_rounding": choose_rounding(row.country, stored.get("invoices", {})),
        },
        "payments": {
            **null_fields("provider", *STATEMENT_DESCRIPTORS),
            **stored.get("payments", {}),
            "partial": PARTIAL_DEFAULTS | stored.get("payments", {}).get("partial", {}),
        },
        "portal": {
            **null_fields("default_locale", "host"),
            **stored.get("portal", {}),
            "events": event_switches(stored),
        },
        "quotes": null_fields("description", "footer", "header") | stored.get("quotes", {}),
    }


def event_switches(settings: Mapping[str, Any]) -> dict[str, bool]:
    """Which events beyond the reference's are on, by name, for an account with these settings."""
    return {**EVENT_SWITCHES, **settings.get("portal", {}).get("events", {})}


SHAPE = Shape(
    "account",
    same=("country", "created", "default_currency", "email"),
    fields={
        **null_fields(
            "business_type",
            "capabilities",
            "future_requirements",
            "groups",
            "individual",
            "requirements",
            "tos_acceptance",
        ),
        "business_profile": _business_profile,
        "charges_enabled": lambda row, context: False,
        "company": _company_details,
        "controller": lambda row, context: {**CONTROLLER, "type": "account"},
        "details_submitted": lambda row, context: True,
        "external_accounts": lambda row, context: render_list([], f"/v1/accounts/{row.id}/external_accounts"),
        "metadata": "metadata_",
        "payouts_enabled": lambda row, context: False,
        "settings": _account_settings,
        "type": lambda row, context: "standard",
    },
)
