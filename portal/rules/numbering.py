"""Formats document numbers: `PREFIX-0001`, `PREFIX-0001-CN-01` and `QT-PREFIX-0001-1`."""


def invoice_number(prefix: str, sequence: int) -> str:
    """The number of a customer's nth invoice."""
    return f"{prefix}-{sequence:04d}"


def quote_number(prefix: str, sequence: int, edition: int) -> str:
    """The number of a customer's nth quote, in its nth edition."""
    return f"QT-{prefix}-{sequence:04d}-{edition}"


def credit_note_number(invoice_number: str, sequence: int) -> str:
    """The number of an invoice's nth credit note."""
    return f"{invoice_number}-CN-{sequence:02d}"
