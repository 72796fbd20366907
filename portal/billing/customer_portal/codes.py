"""Codes that prove that somebody reads the mail of an address.

A code has eight digits, is valid for 10 minutes and allows 5 tries; the chance to guess one is below 1 in
a million a day. It is stored as scrypt with the portal's secret key as pepper.

A hash takes 50 ms of a processor and 16 MiB. So it is made after the limits were asked, and one at a time in a process.
"""

import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import dataclass, field

from portal import clock
from portal.errors import PortalError, Unavailable

DIGITS = 8
LIFETIME = 10 * clock.MINUTE
MOST_TRIES = 5
#: (seconds, most codes in them), for an address and for a customer alike.
LIMITS = ((clock.HOUR, 5), (clock.DAY, 10))
#: Seconds that a hash waits for another one of its process.
PATIENCE = 2.0
_TURN = threading.Lock()


class TooManyCodes(PortalError):
    """As many codes were sent as an hour or a day allows."""

    status = 429


@dataclass(frozen=True)
class EmailCode:
    """A new code: the digits for the mail, and the hash that is stored."""

    digits: str = field(repr=False)
    hash: str = field(repr=False)


def new_code(secret_key: str) -> EmailCode:
    """A code of random digits. Slow on purpose: call it outside of transactions, and after the limits.

    Raises `Unavailable` where too many are made at once.
    """
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    salt = os.urandom(16)
    return EmailCode(digits, f"{salt.hex()}${_hash_digits(digits, salt, secret_key)}")


def matches(code_hash: str, digits: str, secret_key: str) -> bool:
    """Whether these are the digits behind the hash. Slow on purpose, too. Raises `Unavailable` as `new_code` does."""
    salt, _, sealed = code_hash.partition("$")
    return hmac.compare_digest(sealed, _hash_digits(digits, bytes.fromhex(salt), secret_key))


def _hash_digits(digits: str, salt: bytes, secret_key: str) -> str:
    peppered = hmac.digest(secret_key.encode(), b"email-code:" + digits.encode(), "sha256")
    if not _TURN.acquire(timeout=PATIENCE):
        raise Unavailable("Too many people sign in at the moment. Please try again.")
    try:
        return hashlib.scrypt(peppered, salt=salt, n=2**14, r=8, p=1).hex()
    finally:
        _TURN.release()
