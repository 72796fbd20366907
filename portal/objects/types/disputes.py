"""JSON schemas of the values of disputes."""

from portal.wire.schemas import BOOLEAN, INTEGER, MOMENT, NULL, STRING, Schema, array_of, enum_of, hash_of, or_null

STATUSES = (
    "lost",
    "needs_response",
    "under_review",
    "warning_closed",
    "warning_needs_response",
    "warning_under_review",
    "won",
)
#: Evidence that is a file at the reference; none is kept here.
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
_TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
#: All keys of evidence but `enhanced_evidence`, in their order.
EVIDENCE = sorted((*FILES, *_TEXTS, "appeal"))

DISPUTE: dict[str, Schema] = {
    "balance_transactions": array_of(hash_of()),
    "enhanced_eligibility_types": array_of(STRING),
    "evidence": hash_of(
        enhanced_evidence=hash_of(),
        **{name: or_null(STRING) if name in _TEXTS else NULL for name in EVIDENCE},
    ),
    "evidence_details": hash_of(
        due_by=or_null(MOMENT),
        enhanced_eligibility=hash_of(),
        has_evidence=BOOLEAN,
        past_due=BOOLEAN,
        submission_count=INTEGER,
        submission_method=enum_of("manual", "not_submitted"),
    ),
    "is_charge_refundable": BOOLEAN,
    "payment_method_details": or_null(
        hash_of(
            card=hash_of(
                brand=STRING,
                case_type=enum_of("chargeback", "inquiry"),
                network=STRING,
                network_reason_code=or_null(STRING),
            ),
            type=enum_of("card"),
        )
    ),
    "status": enum_of(*STATUSES),
}
