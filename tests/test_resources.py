"""What a resource needs beside its own modules; each failure names what is missing, and the place where it belongs."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.api.endpoint import ANSWER_TYPES
from portal.ids import PREFIXES
from portal.objects import OBJECT_TYPES
from portal.objects.kinds import EXTRA_LOADERS
from portal.rules.events import FAMILIES, WITHOUT_EVENTS
from portal.transfer.readers import READERS
from tests import goldens
from tests.examples import EXAMPLES, path_types

#: Objects whose id is a word of the merchant's.
NAMED_BY_HAND = {"coupon"}


@pytest.mark.parametrize("type", sorted(set(OBJECT_TYPES) - NAMED_BY_HAND))
def test_ids_have_a_prefix_of_their_own(type: str) -> None:
    assert type in PREFIXES, f"{type} has no prefix: add one to PREFIXES in portal/ids.py"
    same = [other for other, prefix in PREFIXES.items() if prefix == PREFIXES[type]]
    assert same == [type], f"{same} have one prefix: each needs its own in PREFIXES of portal/ids.py"


@pytest.mark.parametrize("type", sorted(type for type, kind in OBJECT_TYPES.items() if kind.recorded))
def test_a_change_is_an_event_or_is_none_on_purpose(type: str) -> None:
    owner = OBJECT_TYPES[type].part_of
    named = [type in FAMILIES, type in WITHOUT_EVENTS, owner is not None and owner[0] in FAMILIES]
    assert sum(named) == 1, (
        f"{type} has no event family, or two: in portal/rules/events.py, add it to FAMILIES; where the reference has no"
        " event of it, to WITHOUT_EVENTS. A part needs none: `part_of` of its ObjectType names its owner"
    )


@pytest.mark.parametrize("type", sorted(OBJECT_TYPES))
def test_what_is_loaded_when_expanded_has_a_loader(app: Flask, type: str) -> None:
    missing = set(OBJECT_TYPES[type].shape.extras.values()) - set(EXTRA_LOADERS)
    assert not missing, f"{type} has no loader for {missing}: give it as `extras` to `register` in portal/objects"


@pytest.mark.parametrize("type", sorted(READERS))
def test_what_is_read_from_a_file_is_an_object_type(type: str) -> None:
    assert type in OBJECT_TYPES, f"READERS in portal/transfer/readers.py has {type}, which is none of portal/objects"


def test_what_a_call_names_by_its_id_has_an_example(app: Flask) -> None:
    missing = set(path_types().values()) - set(EXAMPLES)
    assert not missing, f"{missing} have no example: add one to EXAMPLES in tests/examples.py"


def test_what_a_call_answers_with_has_a_golden_file(app: Flask) -> None:
    answered = {answer.type for answer in ANSWER_TYPES.values() if answer.form != "file"}
    missing = {type for type in answered if not goldens.path(type).exists()}
    assert not missing, (
        f"{missing} have no golden file: with an entry in EXAMPLES of tests/examples.py,"
        f" `{goldens.COMMAND}` makes it; else write a test that calls goldens.check"
    )
