"""Reads a declaration, in YAML or JSON, into the wire's values: mappings, lists and text, as a form has them."""

import json
from pathlib import Path
from typing import Any

import yaml

from portal.errors import InvalidRequest

MOST_BYTES = 1024 * 1024


def read_declaration(file: Path) -> dict[str, Any]:
    """The sections of a file. Raises `InvalidRequest`, which names the line, for one that can't be read."""
    content = file.read_bytes()
    if len(content) > MOST_BYTES:
        raise InvalidRequest(f"{file.name} has more than {MOST_BYTES // 1024} KiB.")
    try:
        text = content.decode()
        read = json.loads(text, object_pairs_hook=_unique) if file.suffix == ".json" else yaml.load(text, _Loader)  # noqa: S506 - it makes text alone
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark
        place = f"line {at.line + 1}, column {at.column + 1}: " if at else ""
        raise InvalidRequest(f"{file.name}: {place}{error.problem}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidRequest(f"{file.name}: {error}") from None
    if not isinstance(read, dict):
        raise InvalidRequest(f"{file.name}: the sections must be a mapping, such as `products:`.")
    return {str(name): _as_sent(value) for name, value in read.items()}


class _Loader(yaml.BaseLoader):
    """Every value is text, so that NO is Norway and 1.10 stays as it is written; a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        pairs = [(self.construct_object(key, deep=True), key.start_mark.line + 1) for key, _ in node.value]
        for at, (key, line) in enumerate(pairs):
            if key in [other for other, _ in pairs[:at]]:
                raise ValueError(f"line {line}: {key} stands twice")
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} stands twice")
    return found


def _as_sent(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _as_sent(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_sent(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
