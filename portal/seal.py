"""Encrypts secrets that must be read again, such as login codes and signing keys, with the portal's secret key."""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class BrokenSeal(Exception):
    """A sealed secret can't be decrypted: none of the present secret keys has sealed it."""


class Seal:
    """Encrypts with the newest secret key and decrypts with any of them. `keys` are oldest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derive_key(key)) for key in reversed(keys)])

    def encrypt(self, secret: bytes) -> bytes:
        """`secret`, encrypted and signed."""
        return self._fernet.encrypt(secret)

    def decrypt(self, sealed: bytes) -> bytes:
        """The secret. Raises `BrokenSeal`."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise BrokenSeal("sealed with another secret key") from None


def _derive_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"portal-seal:" + key.encode()).digest())
