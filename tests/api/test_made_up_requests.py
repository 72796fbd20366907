"""Requests made up from the API's own description: none fails on our side, and every answer is as described."""

from __future__ import annotations

import random
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal import clock
from portal.api import init_app, openapi
from portal.api.endpoint import CALLS
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database
from tests.clients import Api
from tests.made_up import Shop, stocked

init_app(Flask(__name__))
#: Requests in all, shared out by how many parameters a call has.
EXAMPLES = {"sqlite": 8_000, "postgresql": 2_500}
MOST_WEIGHT = 15
#: What was deleted or voided is no use any more, so that a merchant serves so many requests only.
EACH_SHOP = 40


def _weight(call: tuple[str, str]) -> int:
    return min(MOST_WEIGHT, 1 + len(CALLS[call].model_fields))


RULES = {(method, openapi.openapi_path(rule)): (method, rule) for method, rule in CALLS}
WEIGHTS = sum(map(_weight, CALLS))
SCHEMA = schemathesis.openapi.from_dict(openapi.document())
OPERATIONS = {
    RULES[operation.method.upper(), operation.path]: operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
}


class Shops:
    """A stocked merchant, and a new one every now and then."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.served = 0

    def next(self) -> Shop:
        if self.served % EACH_SHOP == 0:
            self.shop = self._opened()
        self.served += 1
        return self.shop

    def _opened(self) -> Shop:
        with self.app.extensions["portal"].database.writing() as db:
            new = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
        return stocked(Api(self.app.test_client(), new.test_key))


def test_every_call_is_tried() -> None:
    assert set(OPERATIONS) == set(CALLS)


@pytest.mark.parametrize("call", sorted(OPERATIONS), ids=" ".join)
def test_made_up_requests_are_answered_as_described(call: tuple[str, str], app: Flask, database: Database) -> None:
    shops = Shops(app)
    count = EXAMPLES[database.dialect] * _weight(call) // WEIGHTS + 1
    chosen = settings(
        max_examples=count,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @chosen
    @given(case=OPERATIONS[call].as_strategy(), seed=st.integers(0, 2**32))
    def requests(case: Any, seed: int) -> None:
        sent = case.query if call[0] == "GET" else case.body
        answer = shops.next().request(*call, case.path_parameters or {}, sent, random.Random(seed))
        assert answer.status_code < 500, answer.get_data(as_text=True)

    requests()
