"""The names of a business and of a person in the portal: changed where the name may be."""

from __future__ import annotations

from typing import Any

import pytest

from portal.models import Customer
from tests.clients import Api
from tests.factories import Factories


@pytest.fixture
def rosen(make: Factories) -> Customer:
    return make.customer(name="Rosen", business_name="Rosen GmbH")


def test_both_names_are_shown_changed_and_cleared(portal: Any, make: Factories, api: Api, rosen: Customer) -> None:
    visit = portal(rosen, make.configuration())
    page = visit.get("details").text
    assert ("Rosen GmbH" in page, "details/individual_name" in page) == (True, True)
    assert visit.post("details/individual_name", individual_name="Jenny Rosen").status_code == 303
    assert visit.post("details/business_name", business_name="").status_code == 303
    stored = api.get(f"customers/{rosen.id}")
    assert [stored[key] for key in ("name", "business_name", "individual_name")] == ["Rosen", None, "Jenny Rosen"]
    assert visit.post("details/business_name", business_name="x" * 151).status_code == 400


def test_who_may_not_change_the_name_changes_none(portal: Any, make: Factories, rosen: Customer) -> None:
    update = {"enabled": True, "allowed_updates": ["phone"]}
    visit = portal(rosen, make.configuration(customer_update=update))
    page = visit.get("details").text
    assert ("Rosen GmbH" in page, "details/business_name" in page) == (True, False)
    for part in ("business_name", "individual_name"):
        assert visit.get(f"details/{part}").status_code == 404
        assert visit.post(f"details/{part}", **{part: "Mallory"}).status_code == 404


def test_a_private_customer_is_not_asked_for_a_company(portal: Any, make: Factories) -> None:
    assert "Company" not in portal(make.customer(), make.configuration()).get("details").text
