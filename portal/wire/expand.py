"""`expand[]`: replaces ids in finished wire objects by the objects they name.

Paths are at most four levels deep, start with `data.` on lists, and cost one query each.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portal.errors import InvalidRequest
from portal.wire.shape import Shape

Holder = tuple[dict[str, Any], str]
#: Loads wire objects of a type by id, in one query.
Load = Callable[[str, set[str]], Mapping[str, dict[str, Any]]]

MAX_LEVELS = 4
_LIST_OBJECTS = frozenset({"list", "search_result"})


def expand_paths(answer: dict[str, Any], paths: list[str], shapes: Mapping[str, Shape], load: Load) -> None:
    """Replace ids in `answer`, in place, along each path.

    Raises `InvalidRequest` for a path that is too deep or names nothing that can be expanded.
    """
    for path in sorted(set(paths), key=lambda path: path.count(".")):
        steps = path.split(".")
        is_list = answer.get("object") in _LIST_OBJECTS
        if len(steps) - is_list > MAX_LEVELS:
            raise InvalidRequest(f"You cannot expand more than {MAX_LEVELS} levels of a property.", param="expand")
        _expand_path(answer, steps, path, shapes, load)


def _expand_path(answer: dict[str, Any], steps: list[str], path: str, shapes: Mapping[str, Shape], load: Load) -> None:
    objects = [answer]
    while steps and objects:
        objects, steps = _walk_property(objects, steps, path, shapes, load)


def _walk_property(
    objects: list[dict[str, Any]], steps: list[str], path: str, shapes: Mapping[str, Shape], load: Load
) -> tuple[list[dict[str, Any]], list[str]]:
    """Walk one property of all objects at once. Returns the objects behind it and the remaining steps."""
    if objects[0].get("object") in _LIST_OBJECTS:
        if steps[0] != "data":
            raise _not_expandable_error(path)
        return [item for each in objects for item in each["data"]], steps[1:]
    shape = shapes.get(str(objects[0].get("object")))
    length, extra = _longest_match(shape.extras if shape else {}, steps)
    if extra:
        return _add_extra(objects, steps[:length], extra, load), steps[length:]
    length, type = _longest_match(shape.refs if shape else {}, steps)
    if type is None:
        return _descend_into(objects, steps, path)
    holders = [holder for each in objects for holder in _find_holders(each, steps[:length])]
    _replace_ids(holders, type, load)
    return [held for holder, key in holders for held in _inner_objects(holder[key])], steps[length:]


def _longest_match(paths: Mapping[str, str], steps: list[str]) -> tuple[int, str | None]:
    for length in range(len(steps), 0, -1):
        name = paths.get(".".join(steps[:length]))
        if name:
            return length, name
    return 0, None


def _add_extra(objects: list[dict[str, Any]], steps: list[str], extra: str, load: Load) -> list[dict[str, Any]]:
    living = [each for each in objects if "deleted" not in each]
    loaded = load(extra, {each["id"] for each in living})
    added = []
    for each in living:
        holder: Any = each
        for step in steps[:-1]:
            holder = holder and holder[step]
        if holder is None:  # of what a null would hold there is nothing to add
            continue
        holder[steps[-1]] = loaded.get(each["id"])
        added.extend(_inner_objects(holder[steps[-1]]))
    return added


def _descend_into(objects: list[dict[str, Any]], steps: list[str], path: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Walk into objects that are already in place, such as sublists."""
    name = steps[0]
    behind = [each[name] for each in objects if each.get(name) is not None]
    found = [held for value in behind for held in _inner_objects(value)]
    if (
        len(steps) > 1
        and any(name in each for each in objects)
        and all(isinstance(each, dict | list) for each in behind)
    ):
        return found, steps[1:]
    if found and all("object" in each for each in found):
        return [], []
    raise _not_expandable_error(path)


def _inner_objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _find_holders(holder: dict[str, Any], steps: list[str]) -> Iterator[Holder]:
    """The hashes that hold the last of `steps`, each with that key. Lists on the way are walked through."""
    name, *rest = steps
    if rest:
        for inner in _inner_objects(holder.get(name)):
            yield from _find_holders(inner, rest)
    elif name in holder:
        yield holder, name


def _replace_ids(holders: list[Holder], type: str, load: Load) -> None:
    ids = {id for holder, key in holders for id in _ids_in(holder[key])}
    if not ids:
        return
    objects = load(type, ids)
    for holder, key in holders:
        value = holder[key]
        if isinstance(value, list):
            holder[key] = [objects.get(item, item) if isinstance(item, str) else item for item in value]
        elif isinstance(value, str):
            holder[key] = objects.get(value, value)


def _ids_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _not_expandable_error(path: str) -> InvalidRequest:
    name = path.rsplit(".", 1)[-1]
    return InvalidRequest(f"This property cannot be expanded ({name}).", param="expand")
