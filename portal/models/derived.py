"""Columns that follow from others whenever rows are written."""

from portal.models import document_days, next_steps


def register() -> None:
    """Begin to fill them in."""
    document_days.register()
    next_steps.register()
