"""Hints about what merchants have set: checks that never fail."""

from collections.abc import Iterator
from typing import cast

from sqlalchemy import Table, select

from portal.billing.configurations.features import FEATURE_NEEDS
from portal.billing.ledger import parties
from portal.db import Database, Scope, select_with_owner
from portal.doctor.check import Check
from portal.documents.xml import offers
from portal.models import Account, Configuration, Tenant
from portal.rules.creditors import creditor_of


def list_hints(database: Database) -> Iterator[Check]:
    """What accounts lack for their e-invoices, and features without effect."""
    yield from _check_e_invoices(database)
    yield from _check_features(database)


def _check_e_invoices(database: Database) -> Iterator[Check]:
    """What accounts with e-invoice formats lack for every e-invoice."""
    with database.reading() as db:
        tenants = db.scalars(select(Tenant).where(Tenant.livemode).order_by(Tenant.account_id)).all()
    for tenant in tenants:
        with database.reading(Scope.of_tenant(tenant)) as db:
            seller = parties.seller(db, None)
        gaps = offers.seller_gaps(seller) if (seller["e_invoices"] or {}).get("formats") else []
        if gaps:
            yield Check("e-invoices", True, f"{tenant.account_id} lacks in live mode: {', '.join(gaps)}")


def _check_features(database: Database) -> Iterator[Check]:
    """Features that configurations enable and customers see nothing of."""
    table = cast(Table, Configuration.__table__)
    with database.reading() as db:
        active = select_with_owner(table, table.c.id, table.c.features).where(table.c.active).order_by(table.c.id)
        found = db.execute(active).all()
        settings = {row.id: row.settings for row in db.execute(select(Account.id, Account.settings))}
    for row in found:
        complete = creditor_of(settings[row.account_id]) is not None
        for name, needs in FEATURE_NEEDS.items():
            if row.features[name]["enabled"] and not complete:
                yield Check("features", True, f"{name} of {row.id} has no effect: it needs {needs}")
