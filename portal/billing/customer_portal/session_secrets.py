"""Secrets of portal links and of the cookies of opened sessions; only their hashes are stored."""

import hashlib
import secrets

from portal.billing.accounts.keys import secret_checksum
from portal.ids import SECRET_PREFIXES


def hash_secret(secret: str) -> str:
    """The hash that is stored of a link or cookie secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def new_link_secret() -> str:
    """256 random bits between a prefix and a checksum, by which secret scanners recognise it."""
    secret = secrets.token_urlsafe(32)
    return f"{SECRET_PREFIXES['link']}{secret}{secret_checksum(secret)}"
