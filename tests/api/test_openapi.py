"""The description of the API: complete, in the form its readers expect, and true of every recorded answer."""

import json
import re

import pytest

from portal.api import openapi
from portal.api.endpoint import ANSWER_TYPES, CALLS
from portal.objects import OBJECT_TYPES, json_schemas
from tests import goldens, schemas
from tests.test_access import RULES

ERRORS = sorted(file.stem for file in goldens.FOLDER.glob("error_*.json"))
LISTS = {"list", "payment_method", "product_feature"}
OBJECTS = sorted(file.stem for file in goldens.FOLDER.glob("*.json") if file.stem not in {*ERRORS, *LISTS})


@pytest.fixture(scope="module")
def document():
    return openapi.document()


@pytest.fixture(scope="module")
def operations(document):
    return {(method, path): operation for path, each in document["paths"].items() for method, operation in each.items()}


def test_anyone_may_read_it_and_keep_it(client):
    answer = client.get("/v1/openapi.json")
    assert answer.get_json()["openapi"] == "3.1.0"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_every_route_with_a_key_is_in_it(operations):
    routes = {
        (method.lower(), openapi.openapi_path(rule.removeprefix("/v1")))
        for method, rule, endpoint in RULES
        if endpoint.startswith("api.") and endpoint not in {"api.openapi"}
    }
    assert set(operations) == routes


def test_every_call_says_what_it_answers():
    missing = sorted(set(CALLS) - set(ANSWER_TYPES))
    assert missing == [], f"{missing} say nothing of their answers: give `answers` to endpoint.add, in portal/api"


def test_operations_have_names_of_their_own(operations):
    names = [each["operationId"] for each in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", name) for name in names)


def test_every_parameter_says_what_it_takes(operations):
    for call, operation in operations.items():
        assert list(_unsaid(operation, "")) == [], call


def _unsaid(part, where):
    """Places of empty schemas."""
    if part == {}:
        yield where
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _unsaid(value, f"{where}.{key}")
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _unsaid(value, f"{where}[{index}]")


def test_references_lead_somewhere(document):
    text = json.dumps(document)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named == set(document["components"]["schemas"])


def test_nested_parameters_are_written_with_brackets(operations):
    form = operations["post", "/customers"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["encoding"]["address"] == {"style": "deepObject", "explode": True}
    assert "email" not in form["encoding"]
    query = {each["name"]: each for each in operations["get", "/customers"]["parameters"]}
    assert (query["created"]["style"], query["expand"]["style"]) == ("deepObject", "deepObject")
    assert "style" not in query["limit"]


def test_three_states_of_a_parameter_are_told_apart(operations):
    form = operations["post", "/customers/{id}"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    properties = form["schema"]["properties"]
    assert {"enum": [""], "type": "string"} in properties["name"]["anyOf"]
    assert (
        "anyOf" not in properties["tax_exempt"] or {"enum": [""], "type": "string"} in properties["tax_exempt"]["anyOf"]
    )
    assert form["schema"]["additionalProperties"] is False


def test_what_is_required_is_said(operations):
    body = operations["post", "/billing_portal/sessions"]["requestBody"]
    assert body["required"] is True
    schema = body["content"]["application/x-www-form-urlencoded"]["schema"]
    assert "customer" in schema.get("required", schema["properties"])


@pytest.mark.parametrize("type", sorted(OBJECT_TYPES))
def test_every_key_of_an_object_has_a_type(type):
    shape, described = OBJECT_TYPES[type].shape, json_schemas.all_schemas()[type]
    assert {*shape.same, *shape.fields, "id", "object"} <= set(described["required"])
    unsaid = [key for key, schema in described["properties"].items() if schema == {}]
    assert unsaid == [], f"say what these hold, in the table of portal/objects/types that is `schemas` of {type}"


@pytest.mark.parametrize("name", OBJECTS)
def test_recorded_objects_are_as_described(name):
    answer = json.loads((goldens.FOLDER / f"{name}.json").read_text())
    type = f"deleted_{answer['object']}" if "deleted" in answer else answer["object"]
    assert schemas.misfits(schemas.validator(type), answer) == []


@pytest.mark.parametrize("name", ERRORS)
def test_recorded_failures_are_as_described(name):
    answer = json.loads((goldens.FOLDER / f"{name}.json").read_text())
    assert schemas.misfits(schemas.validator("error"), answer) == []


def test_what_is_of_another_kind_or_unknown_is_found():
    answer = json.loads((goldens.FOLDER / "product.json").read_text())
    wrong = {**answer, "active": "yes", "planet": "Earth"}
    del wrong["name"]
    assert len(schemas.misfits(schemas.validator("product"), wrong)) == 3
