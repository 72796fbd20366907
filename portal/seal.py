"""Encrypts secrets that must be read again, such as login codes and signing keys, with the portal's secret key."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class BrokenSeal(Exception):
    """A sealed secret can't be decrypted: none of the present secret keys has sealed it."""


class Seal:
    """Encrypts with the newest secret key and decrypts with any of them. `keys` are oldest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._digest_keys = [hashlib.sha256(b"portal-digest:" + key.encode()).digest() for key in reversed(keys)]
        self._fernet = MultiFernet([Fernet(_derive_key(key)) for key in reversed(keys)])

    def encrypt(self, secret: bytes) -> bytes:
        """`secret`, encrypted and signed."""
        return self._fernet.encrypt(secret)

    def digests(self, secret: bytes) -> list[str]:
        """Digests by which a sealed secret is found again: the newest key's first, then those of the older ones."""
        return [hmac.new(key, secret, hashlib.sha256).hexdigest()[:32] for key in self._digest_keys]

    @property
    def is_single(self) -> bool:
        """Whether there is one key alone."""
        return len(self._digest_keys) == 1

    def decrypt(self, sealed: bytes) -> bytes:
        """The secret. Raises `BrokenSeal`."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise BrokenSeal("sealed with another secret key") from None


def _derive_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"portal-seal:" + key.encode()).digest())
