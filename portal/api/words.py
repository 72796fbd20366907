"""What every call, parameter and key means, in words: read from the tables in `portal/api/words`, one for each noun.

A value is found by the end of its path, whose longest known part counts: `customers.invoice_settings.footer` before
`footer`. So what means the same everywhere is said once, in `shared.toml`. The path of a parameter begins with the
words of its call's address (`invoices.pay.forgive`; those of a list end with `list`), the path of a key with its
object's type (`invoice.lines.data`).
"""

import tomllib
from functools import cache
from pathlib import Path

from portal.wire.schemas import NULL, Schema

FOLDER = Path(__file__).parent / "words"
#: What stands at keys of the wire that nothing here ever fills, whatever other places of their name hold.
ALWAYS_NULL = "Always null: this portal has nothing to put there."
#: The same of parameters that programs may clear, and that nobody can set.
ONLY_EMPTY = "Not taken. Only an empty value is, which changes nothing."
#: The schemas within a schema that are about the same value: its alternatives, and the members of a list or map.
_PARTS = ("anyOf", "items", "additionalProperties")

ValuePath = tuple[str, ...]


@cache
def read_tables() -> dict[str, dict[str, str]]:
    """The words by section: `nouns` by tag, `calls` by method and path, `values` by the end of a path.

    Raises `ValueError` for a name that has words in two files.
    """
    tables: dict[str, dict[str, str]] = {"nouns": {}, "calls": {}, "values": {}}
    for file in sorted(FOLDER.glob("*.toml")):
        for section, words in tomllib.loads(file.read_text("utf-8")).items():
            if twice := tables[section].keys() & words.keys():
                raise ValueError(f"{file.name}: {sorted(twice)} have words in another file already.")
            tables[section] |= words
    return tables


def find_name(path: ValuePath) -> str | None:
    """The name in the table `values` that counts for a path; None where no end of it has words."""
    ends = (".".join(path[start:]) for start in range(len(path)))
    return next((end for end in ends if end in read_tables()["values"]), None)


def describe_value(path: ValuePath, schema: Schema) -> str:
    """What a parameter or key means; empty where nobody has said it, which a test does not let pass."""
    name = find_name(path)
    said = read_tables()["values"][name] if name else ""
    return ALWAYS_NULL if schema == NULL else ONLY_EMPTY if schema.get("enum") == [""] else said


def describe_call(method: str, path: str) -> str:
    """What a call does."""
    return read_tables()["calls"].get(f"{method.upper()} {path}", "")


def describe_noun(tag: str) -> str:
    """What the objects of a noun are."""
    return read_tables()["nouns"].get(tag, "")


def add_descriptions(schema: Schema, path: ValuePath) -> Schema:
    """A copy of the schema in which every property at any depth says what it means."""
    described = dict(schema)
    if "properties" in schema:
        described["properties"] = {
            key: {**add_descriptions(each, (*path, key)), "description": describe_value((*path, key), each)}
            for key, each in schema["properties"].items()
        }
    for name in _PARTS:
        part = schema.get(name)
        if isinstance(part, dict):
            described[name] = add_descriptions(part, path)
        elif isinstance(part, list):
            described[name] = [add_descriptions(each, path) for each in part]
    return described


def path_of_call(rule: str, *, is_list: bool) -> ValuePath:
    """Where the paths of a call's parameters begin: the words of its address, and `list` for a list."""
    words = tuple(part for part in rule.split("/") if part and part[0] not in "<{")
    return (*words, "list") if is_list else words
