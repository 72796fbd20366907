"""The wire form of payment intents: what a provider is to charge."""

from portal.models import PaymentIntent
from portal.objects.kinds import ObjectType, register
from portal.objects.types import payment_intents as schemas
from portal.wire.shape import Ref, Shape, null_fields

PAYMENT_INTENT = register(
    ObjectType(
        Shape(
            "payment_intent",
            # beyond the reference: the how many-th attempt it is, and when the money was taken back
            same=(
                "amount",
                "amount_received",
                "attempt",
                "canceled_at",
                "cancellation_reason",
                "client_secret",
                "created",
                "currency",
                "disputed_at",
                "last_payment_error",
                "setup_future_usage",
                "status",
            ),
            fields={
                **null_fields("allocated_funds", "amount_details", "application", "application_fee_amount"),
                **null_fields("automatic_payment_methods", "customer_account", "description"),
                **null_fields("excluded_payment_method_types", "hooks", "latest_charge", "managed_payments"),
                **null_fields("next_action", "on_behalf_of", "payment_details", "payment_method_configuration_details"),
                **null_fields("payment_method_options", "presentment_details", "processing", "receipt_email", "review"),
                **null_fields("shipping", "source", "statement_descriptor"),
                **null_fields("statement_descriptor_suffix", "transfer_data", "transfer_group"),
                "amount_capturable": lambda row, context: 0,
                "capture_method": lambda row, context: "automatic",
                "confirmation_method": lambda row, context: "automatic",
                "customer": Ref("customer_id", "customer"),
                # of the reference before 2025, and of use
                "invoice": Ref("invoice_id", "invoice"),
                "metadata": lambda row, context: {},
                # beyond the reference: when it is tried again by itself
                "next_attempt_at": lambda row, context: row.ask_at if row.status == "requires_payment_method" else None,
                "payment_method": Ref("payment_method_id", "payment_method"),
                "payment_method_types": lambda row, context: ["card"],
            },
            unfilled=(
                "application",
                "last_payment_error.payment_method",
                "latest_charge",
                "on_behalf_of",
                "review",
                "source",
                "transfer_data.destination",
            ),
        ),
        PaymentIntent,
        "payment intent",
        schemas=schemas.PAYMENT_INTENT,
        portable=False,
    )
)
