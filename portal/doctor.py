"""Checks a deployment. Each check says what to do when it fails."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from portal import clock, schema
from portal.billing.accounts import mirrors
from portal.billing.ledger import parties
from portal.billing.lifecycle import steps
from portal.db import Database, Scope
from portal.documents.xml import offers
from portal.models import Tenant
from portal.outbox import state
from portal.settings import Settings, describe_variables


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it passed, and what was found or has to be done."""

    name: str
    passed: bool
    words: str


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check in turn. None changes anything except a probe file of its own."""
    yield from _check_mistyped_variables(os.environ)
    yield _check_secret_key(settings)
    yield _check_base_url(settings)
    yield from _check_database(settings)
    yield _check_document_store(settings)
    yield _check_renderer()
    yield _check_fonts()
    yield _check_mail(settings)


def _check_mistyped_variables(environment: Mapping[str, str]) -> Iterator[Check]:
    """Variables that differ from a setting by a typing error. Other unknown ones may belong to other programs."""
    known = {name for name, _ in describe_variables()}
    for name in sorted(environment.keys() - known):
        for nearest in get_close_matches(name, known, 1, cutoff=0.9):
            yield Check(name, False, f"There is no such setting. Did you mean {nearest}?")


def _check_secret_key(settings: Settings) -> Check:
    weak = len(set(settings.secret_key)) < 16
    return Check("secret key", not weak, "Too regular: openssl rand -base64 48" if weak else "long and varied")


def _check_base_url(settings: Settings) -> Check:
    parts = urlsplit(settings.base_url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    passed = parts.scheme == "https" or local
    advice = "Set PORTAL_BASE_URL to the https address that customers open."
    return Check("base URL", passed, settings.base_url if passed else advice)


def _check_database(settings: Settings) -> Iterator[Check]:
    database = Database(settings.database_url, pool_size=1)
    try:
        with database.reader.connect() as connection:
            version = connection.scalar(text(_VERSION_QUERIES[database.dialect]))
        yield Check("database", True, f"{database.dialect} {version}")
        current = schema.is_current(database)
        yield Check("schema", current, "current" if current else "Behind this program: portal db upgrade")
        if current:
            yield _check_billing(database)
            yield from _check_workers(database)
            yield from _check_e_invoices(database)
    except SQLAlchemyError as error:
        yield Check("database", False, f"Can't be reached ({type(error).__name__}): check PORTAL_DATABASE_URL.")
    finally:
        database.dispose()


def _check_billing(database: Database) -> Check:
    """Whether billing is up to date, and which accounts are in mirror mode."""
    with database.reading() as db:
        late = steps.list_due(db, until=clock.now() - clock.HOUR)
        mirroring = mirrors.list_mirror_accounts(db)
    if late:
        return Check("billing", False, f"{len(late)} customers have waited for an hour: is `portal worker` running?")
    left = f"; in mirror mode: {', '.join(mirroring)}" if mirroring else ""
    return Check("billing", True, f"nothing is late{left}")


def _check_e_invoices(database: Database) -> Iterator[Check]:
    """What accounts with e-invoice formats lack for every e-invoice. Only a hint: it never fails."""
    with database.reading() as db:
        tenants = db.scalars(select(Tenant).where(Tenant.livemode).order_by(Tenant.account_id)).all()
    for tenant in tenants:
        with database.reading(Scope.of_tenant(tenant)) as db:
            seller = parties.seller(db, None)
        gaps = offers.seller_gaps(seller) if (seller["e_invoices"] or {}).get("formats") else []
        if gaps:
            yield Check("e-invoices", True, f"{tenant.account_id} lacks in live mode: {', '.join(gaps)}")


def _check_workers(database: Database) -> Iterator[Check]:
    """Whether a worker runs, and how long due work has waited."""
    now = clock.now()
    with database.reading() as db:
        seen, queues = state.seconds_since_worker_seen(db, now), state.waiting_queues(db, now)
    if seen is None and database.dialect == "sqlite":
        yield Check("worker", True, "none runs now; `portal serve` starts one by itself")
    elif seen is None or seen > state.MISSING_AFTER:
        when = "for a day" if seen is None else f"for {seen} seconds"
        yield Check("worker", False, f"None has been seen {when}: start `portal worker` (see docs/operation.md).")
    else:
        yield Check("worker", True, f"seen {seen} seconds ago")
    for each in queues:
        words = f"{each.length} due, the first for {each.age} seconds"
        late = each.age > _LATE_AFTER
        yield Check(each.queue, not late, f"{words}: too few workers, or one that hangs?" if late else words)


#: Seconds that something due may wait.
_LATE_AFTER = 15 * clock.MINUTE

_VERSION_QUERIES = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}


def _check_document_store(settings: Settings) -> Check:
    from portal.documents.store import open_store

    probe = "0" * 64
    try:
        store = open_store(settings.documents_url)
        store.write(probe, b"probe")
        kept = store.read(probe) == b"probe"
    except OSError as error:
        return Check("documents", False, f"Can't be written ({error}): check PORTAL_DOCUMENTS_URL.")
    return Check("documents", kept, settings.documents_url if kept else "What was written could not be read back.")


def _check_renderer() -> Check:
    try:
        import weasyprint
    except OSError as error:
        return Check("renderer", False, f"A system library is missing ({error}): deploy/setup run")
    return Check("renderer", True, f"WeasyPrint {weasyprint.__version__}")


def _check_fonts() -> Check:
    folders = ("/usr/share/fonts/truetype/noto", "/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto")
    found = any(os.path.isdir(folder) for folder in folders)
    return Check("fonts", found, "Noto" if found else "Names may show as boxes: apt-get install fonts-noto-core")


def _check_mail(settings: Settings) -> Check:
    if settings.smtp_url is None:
        words = f"Mails are written to {settings.instance / 'mail'}; set PORTAL_SMTP_URL to send them."
        return Check("mail", not settings.production, words)
    parts = urlsplit(settings.smtp_url)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=5) as server:
            server.noop()
    except OSError as error:
        return Check("mail", False, f"{parts.hostname} does not answer ({error}): check PORTAL_SMTP_URL.")
    return Check("mail", True, f"{parts.hostname} answers")
