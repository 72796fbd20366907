"""Billing modes: what a credit for unused time is measured by.

`flexible`, the reference's present default, gives back what was billed and nothing else; `classic`
gives back what the items cost now, even where that was never billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

BillingMode = Literal["classic", "flexible"]


def mode(type: BillingMode, *, updated_at: int | None = None) -> dict[str, Any] | None:
    """A mode as it is kept: None for `classic`."""
    if type == "classic":
        return None
    return {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": updated_at}


def shown(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """A mode as the wire has it."""
    return dict(kept) if kept else {"flexible": None, "type": "classic", "updated_at": None}


def is_flexible(kept: Mapping[str, Any] | None) -> bool:
    """Whether only what was billed is given back."""
    return kept is not None
