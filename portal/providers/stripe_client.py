"""The official client of Stripe, and what it answers as plain values."""

import time
from typing import Any

#: Seconds to connect and to answer, and for all calls of one question; a worker's lease is longer.
_TIMEOUT, _MOST = (5, 20), 30


def find_client() -> Any:
    """The official client, which is an extra. Raises `LookupError` with what to do where it is not installed."""
    try:
        import stripe
    except ImportError:
        raise LookupError("The client of Stripe is not installed: pip install 'billing-portal[stripe]'") from None
    return stripe


class _Session:
    """A session of HTTP whose calls have so many seconds together."""

    def __init__(self, session: Any, seconds: float) -> None:
        self.session, self.ends = session, time.monotonic() + seconds

    def request(self, method: str, url: str, *, timeout: tuple[float, float], **sent: Any) -> Any:
        """Raises `TimeoutError` where no time is left."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {_MOST} seconds")
        return self.session.request(method, url, timeout=tuple(min(each, left) for each in timeout), **sent)


def make_client(key: str, address: str | None, *, seconds: float = _MOST) -> Any:
    """A client that asks one question, by as many calls as it takes; `address` is where the API is, for tests."""
    stripe = find_client()
    http = stripe.RequestsClient(timeout=_TIMEOUT)
    bounded = stripe.RequestsClient(timeout=_TIMEOUT, session=_Session(http.requests.Session(), seconds))
    addresses: Any = {"api": address} if address else {}
    return stripe.StripeClient(key, http_client=bounded, base_addresses=addresses, max_network_retries=0)


def plain(found: Any) -> dict[str, Any]:
    """An object of the client as a plain dictionary."""
    made: dict[str, Any] = found.to_dict()
    return made
