"""A PgBouncer in transaction mode before a cluster of the tests, on a socket only, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The address of the database at `url` by way of a pooler that lends each connection for one transaction."""
    target = make_url(url)
    folder = Path(tempfile.mkdtemp(prefix="portal-pgbouncer-"))
    user = "postgres" if os.geteuid() == 0 else None
    settings = folder / "pgbouncer.ini"
    settings.write_text(_settings(folder, target))
    (folder / "users.txt").write_text('"postgres" ""\n')
    if user:
        shutil.chown(folder, user)
        for file in folder.iterdir():
            shutil.chown(file, user)
    server = subprocess.Popen([_program(), "--quiet", str(settings)], user=user, cwd=folder)
    try:
        _await_socket(folder / ".s.PGSQL.6432")
        through = target.set(port=6432).update_query_dict({"host": str(folder), "pooler": "transaction"})
        yield through.render_as_string(hide_password=False)
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder)


def _settings(folder: Path, target: URL) -> str:
    return "\n".join(
        (
            "[databases]",
            f"{target.database} = host={target.query['host']} dbname={target.database}",
            "[pgbouncer]",
            f"unix_socket_dir = {folder}",
            "listen_addr =",
            "listen_port = 6432",
            "auth_type = trust",
            f"auth_file = {folder}/users.txt",
            "pool_mode = transaction",
            # fewer than the portal's own connections, so that each transaction may meet another one
            "default_pool_size = 3",
            "",
        )
    )


def _await_socket(path: Path) -> None:
    for _ in range(100):
        if path.exists():
            return
        time.sleep(0.1)
    raise RuntimeError("PgBouncer did not start")


def _program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise RuntimeError("The tests need PgBouncer: apt-get install pgbouncer")
    return found
