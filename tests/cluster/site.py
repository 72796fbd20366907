"""A portal on several hosts, by the files of `deploy/cluster` as they are shipped.

Three hosts hold the database, two run the portal with a worker each, one keeps documents. The first web host reaches
the database by its own PgBouncer and HAProxy, the second by an address with three hosts.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from portal import clock, schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from tests.cluster.network import Host
from tests.factories import Factories

TOP = Path(__file__).resolve().parent.parent.parent
SHIPPED = TOP / "deploy" / "cluster"
PATIENCE = 120.0
BASE_URL = "http://billing.example.com"
_PASSWORD = "CHANGE-portal"
_DIRECT = f"postgresql://portal:{_PASSWORD}@10.77.0.11,10.77.0.12,10.77.0.13/portal?target_session_attrs=read-write"
_STANDBYS = f"{_DIRECT.partition('?')[0]}?target_session_attrs=standby"
_POOLED = f"postgresql://portal:{_PASSWORD}@127.0.0.1:6432/portal?pooler=transaction"


class DatabaseHost(Host):
    """A member of etcd, and PostgreSQL kept by Patroni."""

    def __init__(self, number: int, folder: Path) -> None:
        super().__init__(f"db{number}", f"10.77.0.1{number}", folder)
        shutil.chown(self.folder, "postgres")
        self._write("etcd.yml", {"/var/lib/etcd/portal": f"{self.folder}/etcd"})
        self._write(
            "patroni.yml",
            {
                "/var/lib/postgresql/15/portal": f"{self.folder}/data",
                "/var/lib/postgresql/": f"{self.folder}/",
                "/var/run/postgresql": str(self.folder),
                # two cores are shared by seven hosts
                "max_connections: 100": "max_connections: 100\n        shared_buffers: 32MB",
            },
        )

    def start_all(self) -> None:
        """Start etcd and Patroni."""
        self.start("etcd", ["etcd", "--config-file", f"{self.folder}/etcd.yml"], user="postgres")
        self.start_patroni()

    def start_patroni(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        self.start("patroni", ["patroni", f"{self.folder}/patroni.yml"], user="postgres")

    def role(self) -> str:
        """`primary`, `sync_standby`, `replica`, or nothing where it does not answer."""
        for role, path in (("primary", "/primary"), ("sync_standby", "/sync"), ("replica", "/replica")):
            if asks(self.address, 8008, path) == 200:
                return role
        return ""

    def postmaster(self) -> int:
        """The process of PostgreSQL itself."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[int]:
        """The processes that PostgreSQL has started."""
        command = ["ps", "-o", "pid=", "--ppid", str(self.postmaster())]
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        return [int(each) for each in told.stdout.split()]

    def _write(self, name: str, changed: dict[str, str]) -> None:
        text = (SHIPPED / name).read_text()
        lines = [self._own(line) if "CHANGE: this host" in line else line for line in text.splitlines()]
        (self.folder / name).write_text(replaced("\n".join(lines), changed))

    def _own(self, line: str) -> str:
        return line.replace("db1", self.name).replace("10.77.0.11", self.address)


class WebHost(Host):
    """The portal and a worker; `pooled` with PgBouncer and HAProxy before the database, else with reads by standbys."""

    def __init__(self, number: int, folder: Path, *, pooled: bool) -> None:
        super().__init__(f"web{number}", f"10.77.0.2{number}", folder)
        self.pooled = pooled
        self.environment = {
            "PORTAL_INSTANCE": str(self.folder / "instance"),
            "PORTAL_DATABASE_URL": _POOLED if pooled else _DIRECT,
            "PORTAL_BASE_URL": BASE_URL,
            "PORTAL_SECRET_KEY": "0123456789abcdef" * 4,
            "PORTAL_DOCUMENTS_URL": "s3://portal/documents",
            "PORTAL_LOG_FORMAT": "json",
            "PYTHONPATH": f"{TOP}/.venv/cluster:{TOP}",
            "AWS_ENDPOINT_URL": "http://10.77.0.31:9000",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "portal",
            "AWS_SECRET_ACCESS_KEY": "portal-secret",
            **({} if pooled else {"PORTAL_DATABASE_REPLICA_URL": _STANDBYS}),
        }

    def start_all(self, *, ahead: int = 0) -> None:
        """Start everything, with a clock that is so many seconds ahead."""
        if self.pooled and "haproxy" not in self._running:
            here = {"/run/haproxy/admin.sock": f"{self.folder}/admin.sock"}
            (self.folder / "haproxy.cfg").write_text(replaced((SHIPPED / "haproxy.cfg").read_text(), here))
            self.start("haproxy", ["haproxy", "-db", "-f", f"{self.folder}/haproxy.cfg"])
            self.start_pooler()
        by_clock = ["faketime", "-f", f"+{ahead}s"] if ahead else []
        environment = {**self.environment, **({"FAKETIME_DONT_FAKE_MONOTONIC": "1"} if ahead else {})}
        portal = [*by_clock, sys.executable, "-m", "portal.cli"]
        serve = ["serve", "--host", self.address, "--port", "8000", "--workers", "2"]
        self.start("portal", [*portal, *serve], environment=environment)
        self.start("worker", [*portal, "worker"], environment=environment)

    def start_pooler(self) -> None:
        """Start PgBouncer."""
        changed = {"/etc/pgbouncer": str(self.folder), "/var/run/postgresql": str(self.folder)}
        (self.folder / "pgbouncer.ini").write_text(replaced((SHIPPED / "pgbouncer.ini").read_text(), changed))
        shutil.copy(SHIPPED / "userlist.txt", self.folder)
        shutil.chown(self.folder, "postgres")
        self.start("pgbouncer", ["/usr/sbin/pgbouncer", "-q", f"{self.folder}/pgbouncer.ini"], user="postgres")

    def stop_portal(self) -> None:
        """End the portal and its worker as systemd does."""
        for program in ("portal", "worker"):
            self.signal(program, 15)

    def mails(self) -> list[str]:
        """The ids of the mails that this host has sent."""
        texts = [file.read_text(errors="replace") for file in (self.folder / "instance" / "mail").glob("*.eml")]
        return [line for text in texts for line in text.splitlines() if line.lower().startswith("message-id:")]


class DocumentHost(Host):
    """An S3 store, which answers 503 to everything while it is `away`."""

    def __init__(self, folder: Path) -> None:
        super().__init__("s3", "10.77.0.31", folder)

    def start_all(self) -> None:
        """Start the store and make its bucket."""
        environment = {"PYTHONPATH": f"{TOP}/.venv/cluster"}
        moto = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "5000"]
        self.start("moto", moto, environment=environment)
        (self.folder / "haproxy.cfg").write_text(_BEFORE_STORE.format(folder=self.folder))
        self.start("haproxy", ["haproxy", "-db", "-f", f"{self.folder}/haproxy.cfg"])
        wait_until(lambda: _request(self.address, 9000, "PUT", "/portal") == 200, "the bucket is made")

    def set_away(self, away: bool) -> None:
        """Answer 503, or no more."""
        command = f"{'disable' if away else 'enable'} server store/moto\n"
        with socket.socket(socket.AF_UNIX) as runtime:
            runtime.connect(f"{self.folder}/admin.sock")
            runtime.sendall(command.encode())
            runtime.recv(1024)


_BEFORE_STORE = """
global
    stats socket {folder}/admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
listen store
    bind 10.77.0.31:9000
    server moto 127.0.0.1:5000
"""


class Site:
    """All hosts, and a merchant with an API key."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.databases = [DatabaseHost(number, folder) for number in (1, 2, 3)]
        self.webs = [WebHost(1, folder, pooled=True), WebHost(2, folder, pooled=False)]
        self.documents = DocumentHost(folder)

    def start(self) -> None:
        """Start everything, from nothing to a portal that answers on both hosts."""
        for database in self.databases:
            database.start_all()
        self.documents.start_all()
        self.await_database()
        self._make_database()
        self.database = Database(_DIRECT.replace("postgresql://", "postgresql+psycopg://"), pool_size=2)
        schema.upgrade(self.database)
        with self.database.writing() as db:
            new = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", None, "eur"), now=clock.now())
        self.key = new.test_key
        self.make = Factories(self.database, Scope(new.test.id, new.account.id, livemode=False))
        for web in self.webs:
            web.start_all()
        self.await_portal()

    def restart_second(self, *, ahead: int = 0) -> None:
        """Restart portal and worker of the second web host, with a clock that is so many seconds ahead."""
        self.webs[1].stop_portal()
        self.webs[1].start_all(ahead=ahead)

    def primary(self) -> DatabaseHost:
        """The host that writes now."""
        return self._with_role("primary")

    def standby(self) -> DatabaseHost:
        """The host that has every commit, too."""
        return self._with_role("sync_standby")

    def await_database(self) -> None:
        """Wait for one primary, its synchronous standby and one more."""
        roles = ["primary", "replica", "sync_standby"]
        wait_until(lambda: sorted(each.role() for each in self.databases) == roles, "three databases work together")

    def await_portal(self) -> None:
        """Wait until both web hosts are ready."""
        wait_until(lambda: all(asks(web.address, 8000, "/health/ready") == 200 for web in self.webs), "both are ready")

    def count_mails(self) -> Counter[str]:
        """How often each mail was sent, by its id."""
        return Counter(id for web in self.webs for id in web.mails())

    def ask_standbys(self, query: str) -> list[str]:
        """What each database but the primary answers to its superuser."""
        standbys = [each for each in self.databases if each.role() in {"sync_standby", "replica"}]
        commands = [["psql", "-qtA", _superuser(each), "-c", query] for each in standbys]
        return [subprocess.run(each, check=True, capture_output=True, text=True).stdout.strip() for each in commands]

    def _with_role(self, role: str) -> DatabaseHost:
        found: list[DatabaseHost] = []
        wait_until(lambda: bool(found.extend(each for each in self.databases if each.role() == role) or found), role)
        return found[0]

    def _make_database(self) -> None:
        address = _superuser(self.primary())
        for command in (f"CREATE ROLE portal LOGIN PASSWORD '{_PASSWORD}'", "CREATE DATABASE portal OWNER portal"):
            subprocess.run(["psql", "-q", address, "-c", command], check=True)


def _superuser(database: DatabaseHost) -> str:
    return f"postgresql://postgres:CHANGE-superuser@{database.address}/postgres"


def replaced(text: str, changed: dict[str, str]) -> str:
    """The text with other words; each of those it had must be there."""
    for before, after in changed.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Wait for something. Raises `TimeoutError` naming it."""
    give_up = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited in vain: {what}")
        time.sleep(0.3)


def asks(address: str, port: int, path: str) -> int | None:
    """The status of a GET; None where nobody answers."""
    return _request(address, port, "GET", path)


def _request(address: str, port: int, method: str, path: str) -> int | None:
    connection = HTTPConnection(address, port, timeout=3)
    try:
        connection.request(method, path, headers={"Host": "billing.example.com"} if port == 8000 else {})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
