"""Secrets that must be read again (codes on their way, keys that sign): encrypted with the portal's secret key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Broken(Exception):
    """What was sealed can't be opened: the secret key it was sealed with is not among the present ones."""


class Seal:
    """Seals with the newest of the secret keys and opens what any of them sealed. `keys` are oldest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in reversed(keys)])

    def close(self, secret: bytes) -> bytes:
        """`secret`, encrypted and signed."""
        return self._fernet.encrypt(secret)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises `Broken`."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise Broken("sealed with another secret key") from None


def _derived(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"portal-seal:" + key.encode()).digest())
