"""Ports of this machine: waits until one is free or a server answers on it, and notes where a portal listens."""

import errno
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

_ADDRESS_FILE = "server.json"
#: Seconds in which the port of a server that was killed is given back.
PORT_TIMEOUT = 3


class PortTaken(Exception):
    """Another server listens on this port. The system would divide the requests between both."""


def await_free_port(host: str, port: int) -> None:
    """Wait until the port is free: a server that has just been killed may still hold it. Raises `PortTaken`."""
    give_up = time.monotonic() + PORT_TIMEOUT
    while not _is_port_free(host, port):
        if time.monotonic() > give_up:
            raise PortTaken(f"Port {port} of {host} is taken by another server. Stop it, or choose another --port.")
        time.sleep(0.1)


def _is_port_free(host: str, port: int) -> bool:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def record_address(folder: Path, host: str, port: int) -> Path:
    """Write where the server of this instance folder listens, for `find_address`. Returns the file.

    A folder that can't be written to, as in a container, keeps no server from starting.
    """
    file = folder / _ADDRESS_FILE
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"host": host, "port": port}))
    return file


def forget_address(file: Path) -> None:
    """Remove the file of `record_address`, as far as it can be."""
    with suppress(OSError):
        file.unlink()


def find_address(folder: Path) -> tuple[str, int] | None:
    """Host and port of the server of this instance folder; None where none answers."""
    try:
        written = json.loads((folder / _ADDRESS_FILE).read_text())
        host, port = str(written["host"]), int(written["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (host, port) if await_answer(host, port, seconds=1) else None


def is_listening(process_id: int, port: int) -> bool:
    """Whether this very process listens on the port; several may, and the system divides connections between them."""
    listening = "0A"
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, status, inode = (line.split()[column] for column in (1, 3, 9))
            if status == listening and int(address.rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{inode}]")
    try:
        return any(os.readlink(each) in inodes for each in Path(f"/proc/{process_id}/fd").iterdir())
    except OSError:
        return False


def await_answer(host: str, port: int, *, seconds: float) -> bool:
    """Wait until a portal answers on this port; False where none does within so many seconds."""
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - told, not chosen
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            with urlopen(f"http://{reachable}:{port}/health/live", timeout=1):
                return True
        except OSError:
            time.sleep(0.1)
    return False
