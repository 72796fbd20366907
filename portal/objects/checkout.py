"""The wire form of checkout sessions and payment links, with their line items."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from portal.models import CheckoutSession, PaymentLink
from portal.objects.customers import render_address, render_shipping
from portal.objects.invoice_lines import render_shipping_cost
from portal.objects.kinds import ObjectType, plain_rows, register
from portal.objects.quotes import QUOTE_LINE, total_details
from portal.objects.types import checkout as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list

_NO_TAX = {"enabled": False, **null_fields("liability", "provider", "status")}
_NO_COSTS: dict[str, Any] = {
    "amount_subtotal": 0,
    "amount_tax": 0,
    "amount_total": 0,
    "discount_amounts": [],
    "taxes": [],
}


def render_lines(row: Row, context: Context) -> list[dict[str, Any]]:
    """The line items of a session or a link."""
    offer = SimpleNamespace(
        discounts=getattr(row, "discounts", []), customer_id=getattr(row, "customer_id", None), created=row.created
    )
    known = Context(context.livemode, context.links, context.now, {"quotes": {row.id: offer}})
    own = {"quote_id": row.id, "created": row.created, "discounts": []}
    ordered = [line for line in row.lines if line["quantity"] or "optional" not in line]
    return [QUOTE_LINE.shape(SimpleNamespace(**{**_NO_COSTS, **line, **own}), known) for line in ordered]


def _lines_loader(model: Any, path: str) -> Any:
    def load_lines(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
        return {
            row.id: render_list(render_lines(row, context), f"/v1/{path}/{row.id}/line_items")
            for row in plain_rows(db, model, ids)
        }

    return load_lines


def _setting(name: str, default: Any = None) -> Any:
    return lambda row, context: row.settings.get(name, default)


def _switch(name: str) -> Any:
    return lambda row, context: {"enabled": bool((row.settings.get(name) or {}).get("enabled"))}


def _consent_collection(row: Row, context: Context) -> dict[str, Any] | None:
    sent = row.settings.get("consent_collection")
    return sent and {**null_fields("payment_method_reuse_agreement", "promotions", "terms_of_service"), **sent}


def _custom_text(row: Row, context: Context) -> dict[str, Any]:
    sent = row.settings.get("custom_text") or {}
    return {**null_fields("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"), **sent}


def _shipping_options(row: Row, context: Context) -> list[dict[str, Any]]:
    names = ("shipping_amount", "shipping_rate")
    return [{name: each[name] for name in names} for each in row.settings.get("shipping_options") or []]


def _shipping_details(row: Row, context: Context) -> dict[str, Any] | None:
    return render_shipping((row.collected or {}).get("shipping_details"))


def _collected_information(row: Row, context: Context) -> dict[str, Any] | None:
    if row.collected is None:
        return None
    sent = row.collected.get("shipping_details")
    details = sent and {"address": render_address(sent["address"]), "name": sent["name"]}
    names = {name: row.collected.get(name) for name in ("business_name", "individual_name")}
    return {**names, "shipping_details": details}


def _name_collection(row: Row, context: Context) -> dict[str, Any] | None:
    sent = row.settings.get("name_collection")
    names = ("business", "individual")
    return sent and {name: sent.get(name) and {"optional": False, **sent[name]} for name in names}


def _optional_items(row: Row, context: Context) -> list[dict[str, Any]] | None:
    found = [
        {"adjustable_quantity": each["adjustable_quantity"], "price": each["price_id"], "quantity": each["optional"]}
        for each in row.lines
        if "optional" in each
    ]
    return found or None


def _asked_fields(row: Row, context: Context) -> list[dict[str, Any]]:
    return [_custom_field(each) for each in row.settings.get("custom_fields") or []]


def _answered_fields(row: Row, context: Context) -> list[dict[str, Any]]:
    answers = (row.collected or {}).get("custom_fields") or {}
    return [_custom_field(each, value=answers.get(each["key"])) for each in row.settings.get("custom_fields") or []]


def _custom_field(sent: Mapping[str, Any], **answer: str | None) -> dict[str, Any]:
    kind = sent["type"]
    lengths = {} if kind == "dropdown" else null_fields("maximum_length", "minimum_length")
    own = {"default_value": None, **lengths, **(sent.get(kind) or {}), **answer}
    return {**null_fields("dropdown", "numeric", "text"), "optional": False, **sent, kind: own}


def _tax_id_collection(row: Row, context: Context) -> dict[str, Any]:
    sent = row.settings.get("tax_id_collection") or {}
    return {"enabled": bool(sent.get("enabled")), "required": sent.get("required") or "never"}


def _invoice_creation(row: Row, context: Context) -> dict[str, Any] | None:
    if row.mode != "payment":
        return None
    data = (row.settings.get("invoice_creation") or {}).get("invoice_data") or {}
    empty = null_fields("account_tax_ids", "custom_fields", "description", "footer", "metadata", "rendering_options")
    # a payment always ends in an invoice here
    return {"enabled": True, "invoice_data": {**empty, **data, "issuer": {"account": None, "type": "self"}}}


def _customer_creation(row: Row, context: Context) -> str | None:
    if row.mode == "subscription" or (getattr(row, "customer_id", None) and row.status == "open"):
        return None
    return "always"


_PAGE_FIELDS: dict[str, Any] = {
    "automatic_tax": lambda row, context: dict(_NO_TAX),
    "consent_collection": _consent_collection,
    "custom_fields": _asked_fields,
    "custom_text": _custom_text,
    "customer_creation": _customer_creation,
    "invoice_creation": _invoice_creation,
    "metadata": "metadata_",
    "name_collection": _name_collection,
    "optional_items": _optional_items,
    "payment_method_collection": lambda row, context: row.settings.get("payment_method_collection") or "always",
    "phone_number_collection": _switch("phone_number_collection"),
    "shipping_address_collection": _setting("shipping_address_collection"),
    "shipping_options": _shipping_options,
    "submit_type": lambda row, context: row.settings.get("submit_type") or "auto",
    "tax_id_collection": _tax_id_collection,
    **null_fields("managed_payments", "payment_method_options"),
}


def _sum(name: str) -> Any:
    return lambda row, context: row.sums and row.sums[name]


def _session_discounts(row: Row, context: Context) -> list[dict[str, Any]]:
    return [{"coupon": each["coupon"]["id"], "promotion_code": each["promotion_code"]} for each in row.discounts]


def _customer_details(row: Row, context: Context) -> dict[str, Any] | None:
    details: dict[str, Any] | None = row.customer_details
    if details or row.customer_email is None:
        return details
    known = null_fields("address", "business_name", "individual_name", "name", "phone", "tax_ids")
    return {**known, "email": row.customer_email, "tax_exempt": "none"}


def _session_consent(row: Row, context: Context) -> dict[str, Any] | None:
    return row.consent and {**null_fields("promotions", "terms_of_service"), **row.consent}


def _method_configuration(row: Row, context: Context) -> dict[str, str | None] | None:
    named = row.settings.get("payment_method_configuration")
    return {"id": named, "parent": None} if named else None


def _method_types(row: Row, context: Context) -> list[str]:
    """Those that were sent; of the others pages show what the account has."""
    sent: list[str] = row.settings.get("payment_method_types") or []
    return sent or (["card", "sepa_debit"] if row.mode == "setup" else ["card", "customer_balance", "sepa_debit"])


CHECKOUT_SESSION = register(
    ObjectType(
        Shape(
            "checkout.session",
            same=(
                "cancel_url",
                "client_reference_id",
                "created",
                "currency",
                "customer_email",
                "expires_at",
                "locale",
                "mode",
                "payment_status",
                "status",
                "success_url",
            ),
            fields={
                **_PAGE_FIELDS,
                **null_fields("adaptive_pricing", "after_expiration", "allowed_payment_method_types"),
                **null_fields("branding_settings", "client_secret", "currency_conversion"),
                **null_fields("customer_account", "excluded_payment_method_types", "integration_identifier"),
                **null_fields("origin_context", "payment_intent"),
                **null_fields("permissions", "presentment_details", "recovered_from", "redaction"),
                **null_fields("redirect_on_completion"),
                **null_fields("return_url", "saved_payment_method_options"),
                **null_fields("wallet_options"),
                "allow_promotion_codes": _setting("allow_promotion_codes"),
                "amount_subtotal": _sum("amount_subtotal"),
                "amount_total": _sum("amount_total"),
                "billing_address_collection": _setting("billing_address_collection"),
                "collected_information": _collected_information,
                "consent": _session_consent,
                "custom_fields": _answered_fields,
                "customer": Ref("customer_id", "customer"),
                "customer_details": _customer_details,
                "discounts": _session_discounts,
                "invoice": Ref("invoice_id", "invoice"),
                "payment_link": Ref("payment_link_id", "payment_link"),
                "payment_method_configuration_details": _method_configuration,
                "payment_method_types": _method_types,
                "setup_intent": Ref("setup_intent_id", "setup_intent"),
                "shipping_cost": lambda row, context: render_shipping_cost((row.sums or {}).get("shipping_cost")),
                # what older clients read of the collected information
                "shipping_details": _shipping_details,
                "subscription": Ref("subscription_id", "subscription"),
                "total_details": lambda row, context: row.sums and total_details(row.sums),
                "ui_mode": lambda row, context: "hosted_page",
                # the secret of the link is kept only as a hash, so only the answer to the creation can show it
                "url": None,
                # beyond the reference
                "completed_at": "completed_at",
                "payment_failed_at": "payment_failed_at",
            },
            nested={
                "discounts.coupon": "coupon",
                "discounts.promotion_code": "promotion_code",
                "shipping_cost.shipping_rate": "shipping_rate",
                "shipping_options.shipping_rate": "shipping_rate",
            },
            unfilled=("payment_intent",),
            extras={"line_items": "checkout.session.line_items"},
        ),
        CheckoutSession,
        "checkout session",
        schemas=schemas.CHECKOUT_SESSION,
        portable=False,
    ),
    extras={"checkout.session.line_items": _lines_loader(CheckoutSession, "checkout/sessions")},
)


def _after_completion(row: Row, context: Context) -> dict[str, Any]:
    sent = row.settings.get("after_completion") or {"type": "hosted_confirmation"}
    if sent["type"] == "redirect":
        return {"hosted_confirmation": None, "redirect": sent["redirect"], "type": "redirect"}
    words = (sent.get("hosted_confirmation") or {}).get("custom_message")
    return {"hosted_confirmation": {"custom_message": words}, "redirect": None, "type": "hosted_confirmation"}


def _restrictions(row: Row, context: Context) -> dict[str, Any] | None:
    sent = row.settings.get("restrictions")
    return sent and {"completed_sessions": {**sent["completed_sessions"], "count": row.completed}}


def _link_subscription_data(row: Row, context: Context) -> dict[str, Any] | None:
    if row.mode != "subscription":
        return None
    sent = row.settings.get("subscription_data") or {}
    empty: dict[str, Any] = {**null_fields("description", "trial_period_days", "trial_settings"), "metadata": {}}
    issuer = {"issuer": {"account": None, "type": "self"}}
    return {**empty, **sent, "invoice_settings": issuer}


PAYMENT_LINK = register(
    ObjectType(
        Shape(
            "payment_link",
            same=("active", "created", "currency"),
            fields={
                **_PAGE_FIELDS,
                **null_fields("application", "application_fee_amount", "application_fee_percent", "on_behalf_of"),
                **null_fields("payment_intent_data", "transfer_data"),
                "after_completion": _after_completion,
                "allow_promotion_codes": _setting("allow_promotion_codes", False),
                "billing_address_collection": _setting("billing_address_collection", "auto"),
                "customer_creation": lambda row, context: "always",
                "inactive_message": _setting("inactive_message"),
                "payment_method_types": lambda row, context: row.settings.get("payment_method_types") or None,
                "restrictions": _restrictions,
                "subscription_data": _link_subscription_data,
                "url": lambda row, context: context.links.pay(row.token),
            },
            nested={"shipping_options.shipping_rate": "shipping_rate"},
            unfilled=("application", "on_behalf_of"),
            extras={"line_items": "payment_link.line_items"},
        ),
        PaymentLink,
        "payment link",
        schemas=schemas.PAYMENT_LINK,
        portable=False,
    ),
    extras={"payment_link.line_items": _lines_loader(PaymentLink, "payment_links")},
)
