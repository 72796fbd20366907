"""Hosts on one machine: a network namespace each, joined by a bridge.

All of it lives in namespaces of one process (`run_apart`), so whatever ends that process, the kernel takes every
host and everything that ran there away with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

#: The mark of the process that is alone in its namespaces.
_APART = "PORTAL_CLUSTER_APART"
#: Where the clients are.
CLIENTS = "10.77.0.1"


def run_apart(module: str, arguments: Sequence[str]) -> None:
    """Go on in namespaces of our own: run the module again there, and end with its status. Once there, do nothing."""
    if os.environ.get(_APART):
        return
    # a shell is the first process, as it takes in what is orphaned: a killed PostgreSQL would seem to run else
    command = f"{sys.executable} -m {module} {' '.join(arguments)}; exit $?"
    options = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    # in the place of this process, so that whoever ends it ends all
    os.execvpe("unshare", ["unshare", *options, "sh", "-c", command], {**os.environ, _APART: "1"})  # noqa: S606


def build_bridge() -> None:
    """What every host is connected to, with an address for the clients."""
    _sh("mkdir -p /run/netns && mount -t tmpfs none /run/netns")
    _sh("ip link set lo up && ip link add bridge type bridge && ip link set bridge up")
    _sh(f"ip address add {CLIENTS}/24 dev bridge")


class Host:
    """A host with an address, and the programs that run on it."""

    def __init__(self, name: str, address: str, folder: Path) -> None:
        self.name, self.address, self.folder = name, address, folder / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        _sh(f"ip netns add {name} && ip link add {name} type veth peer name eth0 netns {name}")
        _sh(f"ip link set {name} master bridge up")
        _sh(f"ip -n {name} link set lo up && ip -n {name} link set eth0 up")
        _sh(f"ip -n {name} address add {address}/24 dev eth0")

    def start(
        self, program: str, command: Sequence[str], *, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> None:
        """Run a command under this name until it is killed; what it says goes to a file of that name."""
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user != "root" else []
        with (self.folder / f"{program}.log").open("ab") as log:
            self._running[program] = subprocess.Popen(
                ["ip", "netns", "exec", self.name, *as_user, *command],
                cwd=self.folder if user != "root" else None,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                stdout=log,
                stderr=log,
            )

    def signal(self, program: str, sent: int = signal.SIGKILL) -> None:
        """Send a signal to a program and all that it has started in its group."""
        running = self._running[program]
        os.killpg(running.pid, sent)
        if sent in {signal.SIGKILL, signal.SIGTERM}:
            running.wait(60)

    def cut(self) -> None:
        """Take the host off the network."""
        _sh(f"ip link set {self.name} down")

    def join(self) -> None:
        """Put it back."""
        _sh(f"ip link set {self.name} up")

    def log_of(self, program: str) -> str:
        """What a program has said so far."""
        return (self.folder / f"{program}.log").read_text(errors="replace")


def _sh(command: str) -> None:
    subprocess.run(["sh", "-c", command], check=True)
