"""What is sent to a webhook endpoint, how it is signed, and when it is tried again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

_HOUR = 3600
#: Seconds until the next try after the first, second, … one that failed: ten tries in 75 hours.
PAUSES = (5, 300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
TRIES = len(PAUSES) + 1
#: Each pause is that much shorter or longer, so that what failed together does not come back together.
JITTER = 0.1
#: Tries that come sooner, as when a receiver is back for a moment, don't use up what is meant to last for days.
NOT_GIVEN_UP_BEFORE = 60 * _HOUR
#: The longest pause that a receiver can ask for.
LONGEST_RETRY_AFTER = 24 * _HOUR

EVERYTHING = "*"
_MARK = "whsec_"


def wants(enabled_events: Iterable[str], type: str) -> bool:
    """Whether an endpoint is to hear of events of a type."""
    return any(each in {EVERYTHING, type} for each in enabled_events)


def pause(tries: int, since_first: int, retry_after: int | None, jitter: Callable[[float, float], float]) -> int | None:
    """Seconds until the next try after `tries` failed ones, None where it is given up.

    `since_first` are the seconds since the first try, `retry_after` what the receiver asked for;
    `jitter` picks a number between two.
    """
    if tries >= TRIES and since_first >= NOT_GIVEN_UP_BEFORE:
        return None
    usual = PAUSES[min(tries, len(PAUSES)) - 1] * jitter(1 - JITTER, 1 + JITTER)
    return max(round(usual), min(retry_after or 0, LONGEST_RETRY_AFTER))


def headers(id: str, body: bytes, secrets: Iterable[str], now: int) -> dict[str, str]:
    """What proves that `body` comes from here: by the reference's scheme and by that of Standard Webhooks.

    One signature for each of the secrets (`whsec_…`), which the reference takes as it is, and Standard
    Webhooks as base64. https://docs.stripe.com/webhooks/signature, https://www.standardwebhooks.com
    """
    keys = list(secrets)
    plain = [_digest(key.encode(), b"%d." % now + body).hex() for key in keys]
    standard = [_digest(_decoded(key), f"{id}.{now}.".encode() + body) for key in keys]
    return {
        "Stripe-Signature": ",".join([f"t={now}", *(f"v1={each}" for each in plain)]),
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in standard),
    }


def secret(random: bytes) -> str:
    """A signing secret in the form that both schemes read; `random` has a multiple of three bytes."""
    return _MARK + base64.b64encode(random).decode()


def _decoded(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_MARK))


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()
