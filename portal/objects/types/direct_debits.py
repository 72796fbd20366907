"""JSON schemas of the values of direct debits and of their files."""

from portal.wire.schemas import STRING, Schema, enum_of, or_null

_DAY: Schema = {"type": "string", "format": "date"}
STATUSES = ("canceled", "failed", "processing", "scheduled", "succeeded")

DIRECT_DEBIT: dict[str, Schema] = {
    "collect_on": _DAY,
    "invoice_payment": or_null(STRING),
    "mandate": STRING,
    "sequence_type": or_null(enum_of("FRST", "RCUR", "FNAL", "OOFF")),
    "status": enum_of(*STATUSES),
}
DIRECT_DEBIT_FILE: dict[str, Schema] = {"format": enum_of("pain.008.001.02", "pain.008.001.08"), "url": STRING}
