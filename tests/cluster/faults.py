"""What breaks: each fault lasts as long as its block."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.site import Site


@dataclass(frozen=True)
class Fault:
    """A name for the table, and what is done to the site: under load, and without it before and afterwards."""

    name: str
    happen: Callable[[Site], None]
    prepare: Callable[[Site], None] | None = None
    undo: Callable[[Site], None] | None = None


def kill_primary(site: Site) -> None:
    """PostgreSQL and Patroni of the primary are gone at once; they are started again after half a minute."""
    primary = site.primary()
    postmaster = primary.postmaster()
    primary.signal("patroni")
    os.kill(postmaster, signal.SIGKILL)
    time.sleep(30)
    primary.start_patroni()


def cut_primary(site: Site) -> None:
    """The host of the primary can't be reached for forty seconds, nor reach anybody."""
    primary = site.primary()
    primary.cut()
    time.sleep(40)
    primary.join()


def hold_standby(site: Site) -> None:
    """The standby that each commit waits for stands still for half a minute."""
    standby = site.standby()
    held = [standby.postmaster(), *standby.processes()]
    for each in held:
        os.kill(each, signal.SIGSTOP)
    time.sleep(30)
    for each in held:
        os.kill(each, signal.SIGCONT)


def lag_replicas(site: Site) -> None:
    """Both standbys take each commit, but show nothing that is new for half a minute: they replay none of it."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'portal'"
    if not any(map(int, site.ask_standbys(asked))):
        raise RuntimeError("no standby is read from")
    site.ask_standbys("SELECT pg_wal_replay_pause()")
    time.sleep(30)
    site.ask_standbys("SELECT pg_wal_replay_resume()")


def restart_pooler(site: Site) -> None:
    """PgBouncer of the first web host is killed and started again."""
    pooled = site.webs[0]
    time.sleep(3)
    pooled.signal("pgbouncer")
    time.sleep(1)
    pooled.start_pooler()
    time.sleep(10)


def set_clock_ahead(site: Site) -> None:
    """Portal and worker of the second web host run with a clock that is 90 seconds ahead."""
    site.restart_second(ahead=90)


def set_clock_right(site: Site) -> None:
    """They run with the right clock again."""
    site.restart_second()


def wait(site: Site) -> None:
    """Go on selling and reading for a while."""
    time.sleep(40)


def refuse_documents(site: Site) -> None:
    """The object store answers 503 for a minute."""
    site.documents.set_away(True)
    time.sleep(60)
    site.documents.set_away(False)


FAULTS = (
    Fault("primary killed", kill_primary),
    Fault("primary cut off for 40 s", cut_primary),
    Fault("standby stands still for 30 s", hold_standby),
    Fault("replicas 30 s behind", lag_replicas),
    Fault("PgBouncer restarted", restart_pooler),
    Fault("clock of a web host 90 s ahead", wait, set_clock_ahead, set_clock_right),
    Fault("S3 answers 503 for 60 s", refuse_documents),
)
