"""The wire form of payment methods, mandates and setup intents. No account number is in any of them."""

from typing import Any

from portal.models import Mandate, PaymentMethod, SetupIntent
from portal.objects.customers import render_address
from portal.objects.kinds import ObjectType, register
from portal.objects.types import payment_methods as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields

_DETAILS = ("bank_code", "branch_code", "country", "fingerprint", "last4")


def _billing_details(row: Row, context: Context) -> dict[str, Any]:
    details = null_fields("address", "email", "name", "phone", "tax_id") | row.billing_details
    return {**details, "address": render_address(details["address"] or {})}


def _card(row: Row, context: Context) -> dict[str, Any] | None:
    return {**null_fields(*schemas.UNKNOWN_OF_CARDS), **row.details} if row.type == "card" else None


def _sepa_debit(row: Row, context: Context) -> dict[str, Any] | None:
    if row.type != "sepa_debit":
        return None
    generated = null_fields("charge", "setup_attempt")
    return {**null_fields(*_DETAILS), **row.details, "generated_from": generated}


PAYMENT_METHOD = register(
    ObjectType(
        Shape(
            "payment_method",
            same=("allow_redisplay", "created", "type"),
            fields={
                **null_fields("customer_account", "radar_options"),
                "billing_details": _billing_details,
                "card": _card,
                "customer": Ref("customer_id", "customer"),
                "metadata": "metadata_",
                "sepa_debit": _sepa_debit,
            },
            unfilled=(
                "card.generated_from.setup_attempt",
                "sepa_debit.generated_from.charge",
                "sepa_debit.generated_from.setup_attempt",
            ),
        ),
        PaymentMethod,
        "payment method",
        schemas=schemas.PAYMENT_METHOD,
        portable=False,
    )
)


def _customer_acceptance(row: Row, context: Context) -> dict[str, Any]:
    return {**null_fields("accepted_at", "offline", "online"), **row.acceptance}


def _mandate_details(row: Row, context: Context) -> dict[str, Any]:
    url = context.links.document("mandate_pdf", row.tenant_id, row.id)
    return {"sepa_debit": {"reference": row.reference, "url": url}, "type": "sepa_debit"}


MANDATE = register(
    ObjectType(
        Shape(
            "mandate",
            # beyond the reference: when it ended, and why
            same=("ended_at", "ended_reason", "status", "type"),
            fields={
                **null_fields("on_behalf_of", "single_use"),
                # beyond the reference: who gave it
                "customer": Ref("customer_id", "customer"),
                "customer_acceptance": _customer_acceptance,
                "multi_use": lambda row, context: {},
                "payment_method": Ref("payment_method_id", "payment_method"),
                "payment_method_details": _mandate_details,
            },
        ),
        Mandate,
        "mandate",
        schemas=schemas.MANDATE,
        portable=False,
    )
)

SETUP_INTENT = register(
    ObjectType(
        Shape(
            "setup_intent",
            same=(
                "cancellation_reason",
                "client_secret",
                "created",
                "description",
                "last_setup_error",
                "payment_method_types",
                "status",
                "usage",
            ),
            fields={
                **null_fields("allowed_payment_method_types", "application", "attach_to_self"),
                **null_fields("automatic_payment_methods", "customer_account", "excluded_payment_method_types"),
                **null_fields("flow_directions", "latest_attempt", "managed_payments", "next_action", "on_behalf_of"),
                **null_fields("payment_method_configuration_details", "payment_method_options", "single_use_mandate"),
                "customer": Ref("customer_id", "customer"),
                "mandate": Ref("mandate_id", "mandate"),
                "metadata": "metadata_",
                "payment_method": Ref("payment_method_id", "payment_method"),
            },
            unfilled=("application", "latest_attempt", "on_behalf_of", "single_use_mandate"),
        ),
        SetupIntent,
        "setup intent",
        schemas=schemas.SETUP_INTENT,
        portable=False,
    )
)
