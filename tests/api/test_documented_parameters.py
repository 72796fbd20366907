"""Every parameter that the official client documents is taken, or refused in words that say what to do instead."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from portal.api import unserved
from portal.wire.commands import Command, explain_refusal
from tests.documented import parameters
from tests.documented.parameters import Parameter

#: What clients before the newest document: their rows stand in the table only.
OLDER_PARAMETERS = {"coupon", "lines.price", "refund", "subscription_details"}
PAGE = Path(__file__).parents[2] / "docs" / "parameters.md"
HEAD = """# Parameters that are not taken

The API takes every parameter that the reference documents for its calls, except those below. They are refused with
status 400, `param`, and the words that stand here; a parameter has the code `parameter_unknown`. Where an empty value
clears a parameter on the reference, it is accepted here as well, since nothing is set.

Each name is the end of a parameter's path; `=` adds a value that is not taken. The page is made of the table in
`portal/api/unserved.py`: `UPDATE_GOLDENS=1 .venv/bin/pytest tests/api/test_documented_parameters.py` writes it anew.
"""


@pytest.fixture
def gaps(app: object) -> list[Parameter]:
    return parameters.gaps()


def test_the_client_documents_what_it_did(app):
    """A walk that finds nothing would find no gap either."""
    assert len(parameters.served_calls().keys() & {call[:2] for call in parameters.list_calls()}) >= 157
    assert len([each for each in parameters.documented_parameters() if not each.value]) > 3000


def test_a_parameter_is_taken_or_refused_in_words(gaps):
    assert [each for each in gaps if unserved.find_words(each.parts, each.value or None) is None] == []


def test_words_are_what_a_call_answers(gaps):
    assert [each for each in gaps if each.param not in _refused_params(each)] == []


def test_no_words_are_left_over(gaps):
    used = {unserved.find_key(each.parts, each.value or None) for each in gaps}
    assert set(unserved.WORDS) - used == OLDER_PARAMETERS


def test_parameters_of_older_clients_have_words_too(api, make, opened):
    customer, invoice = make.customer().id, opened(1000)["id"]
    draft = api.post("invoices", customer=customer)["id"]
    for method, path, sent, param in [
        ("POST", "invoices/create_preview", {"customer": customer, "coupon": "half"}, "coupon"),
        ("POST", f"invoices/{draft}/add_lines", {"lines": [{"price": "price_1"}]}, "lines[0][price]"),
        ("POST", "credit_notes", {"invoice": invoice, "amount": 1, "refund": "re_1"}, "refund"),
        ("GET", "invoices/upcoming", {"subscription_details": {"start_date": 1}}, "subscription_details"),
    ]:
        error = api.error(method, path, **sent)
        assert (error["param"], error["message"].split(":")[0]) == (param, f"This portal does not take {param}")


def test_the_page_is_made_of_the_table(gaps):
    text = _render_page(gaps)
    if os.environ.get("UPDATE_GOLDENS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_the_answer_names_the_parameter_and_helps(api, make):
    customer = make.customer().id
    refused = api.error("POST", "invoices", customer=customer, transfer_data={"destination": "acct_1"})
    assert refused == {
        "code": "parameter_unknown",
        "message": "This portal does not take transfer_data: an API key stands for one merchant, and no money goes to"
        " other accounts. Leave it out.",
        "param": "transfer_data",
        "request_id": refused["request_id"],
        "type": "invalid_request_error",
    }
    refused = api.error("POST", "plans", currency="usd", interval="month", product="prod_1", usage_type="metered")
    assert (refused["param"], refused["message"].split(":")[0]) == (
        "usage_type",
        "This portal does not take usage_type=metered",
    )


def test_what_was_never_set_can_be_cleared(api, begun):
    changed = api.post(f"subscriptions/{begun()['id']}", default_payment_method="", transfer_data="", default_source="")
    assert changed["default_payment_method"] is changed["transfer_data"] is changed["default_source"] is None


def test_what_was_never_set_can_be_cleared_of_items_too(api, make):
    item = {"price": make.price().id, "billing_thresholds": ""}
    made = api.post("subscriptions", customer=make.customer().id, items=[item], billing_thresholds="", on_behalf_of="")
    change = {"id": made["items"]["data"][0]["id"], "billing_thresholds": "", "quantity": 2}
    path = f"subscriptions/{made['id']}"
    assert api.post(path, items=[change])["items"]["data"][0]["billing_thresholds"] is None
    preview = {"subscription": made["id"], "subscription_details": {"items": [change]}}
    assert api.post("invoices/create_preview", **preview)["id"]
    phase = {"items": [item], "iterations": 1, "billing_thresholds": ""}
    assert api.post("subscription_schedules", customer=make.customer().id, start_date="now", phases=[phase])["id"]
    assert api.post("invoices/create_preview", customer=make.customer().id, schedule_details={"phases": [phase]})["id"]


def _refused_params(parameter: Parameter) -> set[str]:
    """What our call names when it refuses, in words, a request with this parameter alone."""
    value: Any = parameter.value or "x"
    for part in reversed(parameter.name.replace("[]", ".[]").split(".")):
        value = [value] if part == "[]" else {part: value}
    command: type[Command] = parameters.served_calls()[parameter.method, parameter.path]
    with pytest.raises(ValidationError) as failure:
        command.model_validate(value)
    found = [explain_refusal(_without_members(each), unserved.find_words) for each in failure.value.errors()]
    return {each.param or "" for each in found if each}


def _without_members(mistake: ErrorDetails) -> ErrorDetails:
    """The mistake by its parameter's name alone; which member of a union it was leaves it before a call answers."""
    return {**mistake, "loc": tuple(part for part in mistake["loc"] if not re.match("[A-Z]|function-", str(part)))}


def _render_page(gaps: list[Parameter]) -> str:
    calls: dict[str, dict[str, set[str]]] = {}
    for each in gaps:
        key = unserved.find_key(each.parts, each.value or None)
        calls.setdefault(unserved.WORDS[key], {}).setdefault(key, set()).add(each.call)
    lines = [HEAD]
    for words, found in sorted(calls.items()):
        lines.append(f"## {words[0].upper()}{words[1:]}.\n\n| parameter | calls |\n|---|---|")
        lines += [f"| `{key}` | {', '.join(sorted(found[key]))} |" for key in sorted(found)]
        lines.append("")
    return "\n".join(lines)
