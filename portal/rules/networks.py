"""Says which network an address belongs to, for limits that count by network rather than by address."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True)
class ClientNetwork:
    """Where a request comes from. `near` is what one subscriber has: an IPv4 address, or a /64 of IPv6.

    `wide` is the /56 around that /64, as a provider may give one subscriber so many; None for IPv4.
    """

    near: str
    wide: str | None = None


def network_of(address: str) -> ClientNetwork:
    """The network of an IP address; of anything else, the text itself."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ClientNetwork(address)
    if not isinstance(parsed, IPv6Address):
        return ClientNetwork(str(parsed))
    if parsed.ipv4_mapped is not None:
        return ClientNetwork(str(parsed.ipv4_mapped))
    near, wide = (str(ip_network((parsed, bits), strict=False)) for bits in (64, 56))
    return ClientNetwork(near, wide)
