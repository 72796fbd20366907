"""Words of the API: each call, parameter and key has them, and no words are left without a place."""

import re
from collections.abc import Iterator

import pytest

from portal.api import openapi, words
from portal.api.endpoint import ANSWER_TYPES, CALLS
from portal.api.words import ValuePath
from portal.wire.schemas import Schema

pytestmark = pytest.mark.usefixtures("app")


def _rows(schema: Schema, path: ValuePath) -> Iterator[tuple[ValuePath, Schema]]:
    """Every property at any depth, with its path."""
    for key, each in schema.get("properties", {}).items():
        yield (*path, key), each
        yield from _rows(each, (*path, key))
    parts = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", [])]
    for part in parts:
        if isinstance(part, dict):
            yield from _rows(part, path)


def _parameters() -> Iterator[tuple[ValuePath, Schema]]:
    for (method, rule), operation in _operations():
        answers = ANSWER_TYPES[method, rule]
        path = words.path_of_call(rule, is_list=answers.form == "list")
        for each in operation["parameters"]:
            name = {"path": f"{{{each['name']}}}"}.get(each["in"], each["name"])
            yield (*path, name), {**each["schema"], "description": each["description"]}
            yield from _rows(each["schema"], (*path, name))
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield from _rows(content["schema"], path)


def _operations():
    paths = openapi.document()["paths"]
    return [(call, paths[openapi.openapi_path(call[1])][call[0].lower()]) for call in sorted(CALLS)]


def _everything() -> list[tuple[ValuePath, Schema]]:
    objects = openapi.document()["components"]["schemas"]
    return [*_parameters(), *(row for type, schema in objects.items() for row in _rows(schema, tuple(type.split("."))))]


def test_every_parameter_and_key_has_words():
    rows = _everything()
    assert len(rows) > 4000
    unsaid = sorted({".".join(path) for path, schema in rows if not schema["description"]})
    assert unsaid == [], f"say what these mean, in a table of {words.FOLDER}"


def test_every_call_and_noun_has_words():
    assert [call for call, operation in _operations() if not operation["description"]] == []
    assert [tag["name"] for tag in openapi.document()["tags"] if not tag["description"]] == []


def test_no_words_are_left_over():
    tables, document = words.read_tables(), openapi.document()
    unfilled = {words.ALWAYS_NULL, words.ONLY_EMPTY}
    used = {words.find_name(path) for path, schema in _everything() if schema["description"] not in unfilled}
    assert sorted(tables["values"].keys() - used) == []
    calls = {f"{method} {openapi.openapi_path(rule)}" for method, rule in CALLS}
    assert sorted(tables["calls"].keys() - calls) == []
    assert sorted(tables["nouns"].keys() - {tag["name"] for tag in document["tags"]}) == []


def test_words_name_only_values_that_are_taken():
    """What words put between backticks is one of the values, or the name of a parameter or key."""
    rows = _everything()
    known = {path[-1] for path, _ in rows}
    values: dict[str, set[str]] = {}
    for path, schema in rows:
        values.setdefault(words.find_name(path) or "", set()).update(_enumerated(schema) - {""})
    wrong = {
        name: unknown
        for name, text in words.read_tables()["values"].items()
        if values[name] and (unknown := set(re.findall(r"`([a-z_]+)`", text)) - values[name] - known)
    }
    assert wrong == {}


def _enumerated(schema: Schema) -> set[str]:
    """The words that a value may be, where it is one of some words."""
    own = {str(word) for word in schema.get("enum", [schema["const"]] if "const" in schema else [])}
    parts = [*schema.get("anyOf", []), schema.get("items")]
    return own.union(*(_enumerated(each) for each in parts if isinstance(each, dict)))


def test_words_are_sentences():
    for section in words.read_tables().values():
        for name, text in section.items():
            assert re.fullmatch(r"[A-Z`].*[.]", text), name
            assert text.count("`") % 2 == 0, name


def test_a_longer_path_goes_before_a_shorter_one():
    assert words.find_name(("customers", "invoice_settings", "footer")) == "invoice_settings.footer"
    assert words.find_name(("quotes", "footer")) == "quotes.footer"
    assert words.find_name(("invoices", "footer")) == "footer"
    assert words.find_name(("planet",)) is None
