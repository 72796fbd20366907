"""Host names of merchants: which ones the operator allows, and addresses at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def at_host(base_url: str, host: str) -> str:
    """The base of addresses at another host name; scheme and port stay."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


@dataclass(frozen=True)
class AllowedHosts:
    """The portal's own host names, and which others merchants may have.

    A pattern is a name, `*.` and a name for those with one more label, as certificates mean it, or `*` for any name.
    """

    own: frozenset[str]
    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, base_url: str, patterns: Sequence[str]) -> AllowedHosts:
        """For a portal at this address. One on this machine is there by each of its names."""
        own = urlsplit(base_url).hostname or ""
        return cls(_LOOPBACK if own in _LOOPBACK else frozenset({own}), tuple(patterns))

    def allow(self, name: str) -> bool:
        """Whether a merchant may have this name."""
        above = "*." + name.partition(".")[2]
        return name not in self.own and not {"*", name, above}.isdisjoint(self.patterns)
