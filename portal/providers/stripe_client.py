"""The official client of Stripe, and what it answers as plain values."""

from typing import Any


def find_client() -> Any:
    """The official client, which is an extra. Raises `LookupError` with what to do where it is not installed."""
    try:
        import stripe
    except ImportError:
        raise LookupError("The client of Stripe is not installed: pip install 'billing-portal[stripe]'") from None
    return stripe


def plain(found: Any) -> dict[str, Any]:
    """An object of the client as a plain dictionary."""
    made: dict[str, Any] = found.to_dict()
    return made
