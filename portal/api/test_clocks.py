"""Calls for test clocks, in test mode only."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.customers import test_clocks
from portal.models import TestClock


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "test_helpers.test_clock", "test_helpers/test_clocks")
    resource.create(test_clocks.CreateTestClock, test_clocks.create)
    resource.retrieve()
    resource.change(test_clocks.AdvanceTestClock, test_clocks.advance, "advance")
    resource.delete(test_clocks.delete)
    resource.list(test_clocks.ListTestClocks, _select_test_clocks)


def _select_test_clocks(params: test_clocks.ListTestClocks) -> Select[Any]:
    return select(TestClock)
