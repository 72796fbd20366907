"""Codes that prove that somebody reads the mail of an address.

A code has eight digits, is valid for 10 minutes and allows 5 tries; the chance to guess one is below 1 in
a million a day. It is stored as scrypt with the portal's secret key as pepper.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field

from portal import clock
from portal.errors import PortalError

DIGITS = 8
LIFETIME = 10 * clock.MINUTE
MOST_TRIES = 5
#: (seconds, most codes in them), for an address and for a customer alike.
LIMITS = ((clock.HOUR, 5), (clock.DAY, 10))


class TooManyCodes(PortalError):
    """As many codes were sent as an hour or a day allows."""

    status = 429


@dataclass(frozen=True)
class EmailCode:
    """A new code: the digits for the mail, and the hash that is stored."""

    digits: str = field(repr=False)
    hash: str = field(repr=False)


def new_code(secret_key: str) -> EmailCode:
    """A code of random digits. Slow on purpose: call it outside of transactions."""
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    salt = os.urandom(16)
    return EmailCode(digits, f"{salt.hex()}${_hash_digits(digits, salt, secret_key)}")


def matches(code_hash: str, digits: str, secret_key: str) -> bool:
    """Whether these are the digits behind the hash. Slow on purpose, too."""
    salt, _, sealed = code_hash.partition("$")
    return hmac.compare_digest(sealed, _hash_digits(digits, bytes.fromhex(salt), secret_key))


def _hash_digits(digits: str, salt: bytes, secret_key: str) -> str:
    peppered = hmac.digest(secret_key.encode(), b"email-code:" + digits.encode(), "sha256")
    return hashlib.scrypt(peppered, salt=salt, n=2**14, r=8, p=1).hex()
