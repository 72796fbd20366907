"""Fixtures of bank statements: a merchant with a bank account, invoices to pay and files of the bank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import Api
from tests.statements_of_banks import OWN_IBAN, camt


@pytest.fixture
def bank(api: Api) -> Callable[..., Any]:
    """`bank(transfer, …)` takes in a statement with these transfers, or a file as it is, and answers with it."""
    api.post("account", default_currency="eur", settings={"invoices": {"bank_transfer": {"iban": OWN_IBAN}}})

    def take_in(*transfers: Any, partial: bool | None = None, status: int = 200, **dialect: Any) -> Any:
        content = transfers[0] if isinstance(transfers[0], bytes) else camt(*transfers, **dialect)
        sent = {} if partial is None else {"partial": partial}
        if status != 200:
            return api.error("POST", "bank_statements", status, upload=("statement.xml", content), **sent)
        return api.post("bank_statements", upload=("statement.xml", content), **sent)

    return take_in


@pytest.fixture
def transfers(api: Api) -> Callable[..., Any]:
    """The transfers of this merchant, oldest first."""
    return lambda **sent: api.get("bank_transactions", **sent)["data"][::-1]


@pytest.fixture
def told_types(api: Api) -> Callable[..., Any]:
    """The types of the events since the last call."""
    seen: set[str] = set()

    def tell() -> set[str]:
        found = {each["id"]: each["type"] for each in api.get("events", limit=100)["data"] if each["id"] not in seen}
        seen.update(found)
        return set(found.values())

    return tell
