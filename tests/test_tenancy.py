"""Every statement stays within one tenant, so that tables can be distributed by `tenant_id` (docs/scaling.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal.models import Base, TenantOwned
from tests.api.test_samples import play_day
from tests.browser import plans, scene
from tests.browser.test_accessibility import PAGES
from tests.clients import Api, Portal
from tests.factories import Factories

TABLES = sorted(
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, TenantOwned)
)
_REFERENCE = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO|,)\s+({'|'.join(TABLES)})\b(?!\s*=)(?:\s+AS\s+(\w+))?")
_COLUMNS_OF_INSERT = re.compile(r"(INSERT INTO \w+) \(tenant_id, [^)]*\)")
_VALUE = re.compile(r"\btenant_id (?:= (?:\?|%\()|IN \()")
#: Statements that begin without a tenant, and find it: a visit by the hash of its secret or of its link.
_BY_SECRET = re.compile(r"\bportal_sessions\.(?:secret|link)_hash = (?:\?|%\()")


def _strays(statement: str) -> Iterator[str]:
    """The tables of a statement whose tenant it does not name, by a value or by that of another table."""
    inserted = _COLUMNS_OF_INSERT.match(statement)
    found = _REFERENCE.findall(_COLUMNS_OF_INSERT.sub("", statement))
    valued = inserted or _VALUE.search(statement)
    for table, alias in found:
        column = rf"\b{alias or table}\.tenant_id"
        if not valued or not re.search(rf"{column} (?:=|IN)|= {column}|\({column}, ", statement):
            yield table


def test_a_statement_that_strays_is_found() -> None:
    assert (
        list(
            _strays(
                "SELECT 1 FROM customers AS a JOIN invoices ON invoices.tenant_id = a.tenant_id WHERE a.tenant_id = ?"
            )
        )
        == []
    )
    joined = "SELECT 1 FROM quotes JOIN invoices ON invoices.tenant_id = quotes.tenant_id"
    assert list(_strays(joined)) == ["quotes", "invoices"]
    assert list(_strays("SELECT a.id FROM customers AS a WHERE a.id = ?")) == ["customers"]
    assert list(_strays("SELECT 1 FROM customers, invoices WHERE customers.tenant_id = ?")) == ["invoices"]
    assert list(_strays("DELETE FROM invoices WHERE invoices.id = ?")) == ["invoices"]
    assert list(_strays("INSERT INTO invoices (tenant_id, discounts, files) VALUES (?, ?)")) == []


@pytest.mark.usefixtures("held_clock")
def test_calls_and_pages_stay_within_one_tenant(
    api: Api, make: Factories, portal: Callable[..., Portal], count_queries: Any
) -> None:
    with count_queries() as statements:
        play_day(api, make, lambda call, sample, answer: None)
        customer, offered = make.customer(), plans.offered(make)
        api.post("account", settings={"direct_debit": scene.CREDITOR, "payments": {"provider": "sandbox"}})
        ids = scene.add_rows(make, customer) | scene.add_plans(offered, customer)
        scene.add_credit(make, customer)
        visit = portal(customer, offered.configuration)
        for path in [path for paths in PAGES.values() for path in paths]:
            assert visit.get(path.format(**ids)).status_code == 200, path
    assert len(statements) > 2000
    known = [each for each in statements if not _BY_SECRET.search(each)]
    assert {(table, each) for each in known for table in _strays(each)} == set()
