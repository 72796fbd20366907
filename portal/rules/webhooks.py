"""Decides which events a webhook endpoint receives, how a delivery is signed, and when it is retried."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

from portal.ids import SECRET_PREFIXES

_HOUR = 3600
#: Seconds until the next try after the first, second, … one that failed: ten tries in 75 hours.
PAUSES = (5, 300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
TRIES = len(PAUSES) + 1
#: Each pause is that much shorter or longer, so that what failed together does not come back together.
JITTER = 0.1
#: Tries that come sooner, as when a receiver is back for a moment, don't use up what is meant to last for days.
RETRIED_FOR_AT_LEAST = 60 * _HOUR
#: The longest pause that a receiver can ask for.
LONGEST_RETRY_AFTER = 24 * _HOUR

ALL_EVENTS = "*"
_KEY_PREFIX = SECRET_PREFIXES["signing_secret"]


def wants_event(enabled_events: Iterable[str], type: str) -> bool:
    """Whether an endpoint receives events of a type."""
    return any(each in {ALL_EVENTS, type} for each in enabled_events)


def retry_pause(
    tries: int, since_first: int, retry_after: int | None, jitter: Callable[[float, float], float]
) -> int | None:
    """Seconds until the next try after `tries` failed ones, None where delivery is given up.

    `since_first` are the seconds since the first try, `retry_after` what the receiver requested;
    `jitter` picks a number between two.
    """
    if tries >= TRIES and since_first >= RETRIED_FOR_AT_LEAST:
        return None
    usual = PAUSES[min(tries, len(PAUSES)) - 1] * jitter(1 - JITTER, 1 + JITTER)
    return max(round(usual), min(retry_after or 0, LONGEST_RETRY_AFTER))


def signature_headers(id: str, body: bytes, secrets: Iterable[str], now: int) -> dict[str, str]:
    """The headers that authenticate `body`: in the reference's scheme and in that of Standard Webhooks.

    One signature for each of the secrets (`whsec_…`); the reference uses a secret as it is, Standard
    Webhooks decodes it as base64. https://docs.stripe.com/webhooks/signature, https://www.standardwebhooks.com
    """
    keys = list(secrets)
    plain = [_hmac_digest(key.encode(), b"%d." % now + body).hex() for key in keys]
    standard = [_hmac_digest(_decode_secret(key), f"{id}.{now}.".encode() + body) for key in keys]
    return {
        "Stripe-Signature": ",".join([f"t={now}", *(f"v1={each}" for each in plain)]),
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in standard),
    }


def build_secret(random: bytes) -> str:
    """A signing secret in the form that both schemes accept; the length of `random` is a multiple of three bytes."""
    return _KEY_PREFIX + base64.b64encode(random).decode()


def _decode_secret(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_KEY_PREFIX))


def _hmac_digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
