"""S9: a webhook never reaches this machine or its neighbours, however the address is spelled, resolved or led to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, ip_network
from typing import Any

from portal.outbox.webhook_client import WebhookClient
from tests.long_look.figures import NEITHER, Figure, Outcome, Run
from tests.outbox.receiving import receiving

#: What is this machine, its neighbours or nobody, by the registries of special addresses.
INSIDE = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.2.0/24"
    " 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32"
)
SIX = "::1 :: fe80::1 fc00::1 fd12:3456::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2001:db8::1"
NAMES = "localhost LOCALHOST localhost. ip6-localhost localhost.localdomain"


def list_hosts() -> Iterator[str]:
    """Every spelling, as the host of an address."""
    for network in map(ip_network, INSIDE.split()):
        for address in {network[0], network[network.num_addresses // 2], network[-1]}:
            yield from _spell(IPv4Address(str(address)))
    yield from (f"[{each}]" for each in SIX.split())
    yield from (f"[0:0:0:0:0:0:0:{number:x}]" for number in (0, 1))
    yield from NAMES.split()


def _spell(address: IPv4Address) -> Iterator[str]:
    parts = [int(each) for each in str(address).split(".")]
    yield str(address)
    yield f"{int(address)}"
    yield f"{int(address):#x}"
    yield ".".join(f"{each:#x}" for each in parts)
    yield ".".join(f"0{each:o}" for each in parts)
    yield f"{parts[0]}.{int(address) & 0xFFFFFF}"
    yield f"[::ffff:{address}]"


def measure(run: Run) -> Outcome:
    """Each spelling by both schemes, a name whose address changes between look-up and connection, and redirects."""
    wrong, hosts, tries = list[str](), [*dict.fromkeys(list_hosts())], 0
    with receiving() as receiver, _watching() as reached:
        port = int(receiver.url.rpartition(":")[2].partition("/")[0])
        for host in hosts:
            for scheme in ("http", "https"):
                answer = WebhookClient([], connections=1).post(f"{scheme}://{host}:{port}/", b"{}", {}, 0)
                tries += 1
                wrong += [f"{scheme}://{host} was answered {answer.status}"] if answer.status else []
        wrong += [f"reached {each}" for each in dict.fromkeys(reached)]
        rebound = _rebind(port)
        receiver.answer = lambda request: (302, {"Location": f"http://127.0.0.1:{port}/inner"}, b"")
        WebhookClient(["127.0.0.1"], connections=1).post(receiver.url, b"{}", {}, 0)
        if len(receiver.requests) != 1:
            wrong.append(f"{len(receiver.requests)} requests of one that was redirected")
    return Outcome({"spellings": len(hosts), "tries": tries, "rebindings": 20}, (*wrong, *rebound))


@contextmanager
def _watching(*, only_here: bool = False) -> Iterator[list[str]]:
    """Every address that a connection is tried to meanwhile; `only_here` none leaves this machine."""
    reached: list[str] = []
    real = socket.create_connection

    def watch(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        reached.append(address[0])
        if only_here and not address[0].startswith("127."):
            raise OSError("nobody is called")
        return real(address, *args, **options)

    socket.create_connection = watch  # type: ignore[assignment]
    try:
        yield reached
    finally:
        socket.create_connection = real


def _rebind(port: int) -> list[str]:
    """A resolver that says a public address first, and this machine the next time."""
    real, asked = socket.getaddrinfo, [0]

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        if host != "rebinding.example.com":
            return real(host, *args, **options)
        asked[0] += 1
        address = "127.0.0.1" if asked[0] % 2 == 0 else "8.8.8.8"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    wrong = []
    with _watching(only_here=True) as reached:
        socket.getaddrinfo = resolve
        try:
            for _ in range(20):
                address = f"https://rebinding.example.com:{port}/"
                answer = WebhookClient([], connections=1).post(address, b"{}", {}, 0)
                wrong += [f"a name that changes was answered {answer.status}"] if answer.status else []
        finally:
            socket.getaddrinfo = real
    return wrong + [f"a name that changes led to {each}" for each in reached if each.startswith("127.")]


FIGURES = [
    Figure(
        "S9",
        "A webhook reaches no address of this machine or its neighbours, however it is spelled, resolved or led to.",
        {"spellings": 150},
        measure,
        databases=NEITHER,
        tests=("tests/outbox/test_webhook_client.py",),
    )
]
