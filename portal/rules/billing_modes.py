"""Billing modes: how the credit for unused time is measured.

`flexible`, the reference's default, credits only what was billed; `classic` credits what the items cost now,
even where that was never billed.
"""

from collections.abc import Mapping
from typing import Any, Literal

BillingMode = Literal["classic", "flexible"]


def build_mode(type: BillingMode, *, updated_at: int | None = None) -> dict[str, Any] | None:
    """A mode in its stored form: None for `classic`."""
    if type == "classic":
        return None
    return {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": updated_at}


def render_mode(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """A mode in its wire form."""
    return dict(kept) if kept else {"flexible": None, "type": "classic", "updated_at": None}


def is_flexible(kept: Mapping[str, Any] | None) -> bool:
    """Whether only billed amounts are credited."""
    return kept is not None
