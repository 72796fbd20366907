"""The search query language, as it is read."""

import pytest

from portal.wire.search import MAX_CLAUSES, BadQuery, parse_query


def _read(text):
    return [(each.field, each.key, each.operator, each.value.text, each.negated) for each in parse_query(text).clauses]


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("email:'amy@rocketrides.io'", ("email", None, ":", "amy@rocketrides.io", False)),
        ('email~"amy"', ("email", None, "~", "amy", False)),
        ("total>1000", ("total", None, ">", "1000", False)),
        ("total >= -5", ("total", None, ">=", "-5", False)),
        ("-email:'x'", ("email", None, ":", "x", True)),
        ("metadata['a\\'b']:\"c\\\"d\"", ("metadata", "a'b", ":", 'c"d', False)),
        ("name:'back\\\\slash'", ("name", None, ":", "back\\slash", False)),
        ("name:NULL", ("name", None, ":", None, False)),
        ("name:'null'", ("name", None, ":", "null", False)),
        ("name:''", ("name", None, ":", "", False)),
    ],
)
def test_a_clause_is_read(text, clause):
    assert _read(text) == [clause]


@pytest.mark.parametrize("text", ["a:1 b:2", "a:1 AND b:2", "a:1 and b:2", "  a : 1   and  b : 2  "])
def test_clauses_are_joined_by_and_unless_told_otherwise(text):
    assert parse_query(text).any is False
    assert [clause.field for clause in parse_query(text).clauses] == ["a", "b"]


def test_or_joins_all_clauses():
    assert parse_query("a:1 OR b:2 or c:3").any is True


def test_a_field_may_be_called_like_a_connective():
    assert [clause.field for clause in parse_query("a:1 or:2").clauses] == ["a", "or"]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "a field name"),
        ("   ", 4, "a field name"),
        ("-", 2, "a field name"),
        ("email", 6, "an operator"),
        ("email = 'x'", 7, "an operator"),
        ("email:", 7, "a value"),
        ("email:-", 7, "a value"),
        ("email:'amy", 7, "never closed"),
        ("email:'amy\\'", 7, "never closed"),
        ("metadata[key]:'v'", 10, "a key in quotes"),
        ("metadata['key':'v'", 15, "must end with ]"),
        ("a:1 AND b:2 OR c:3", 13, "can't be mixed"),
        ("a:1 OR b:2 c:3", 12, "can't be mixed"),
        ("a:1 AND", 8, "a field name"),
        ("(a:1)", 1, "a field name"),
    ],
)
def test_what_can_not_be_read_is_pointed_at(text, column, words):
    with pytest.raises(BadQuery, match=words) as failure:
        parse_query(text)
    first, line, pointer = failure.value.message.split("\n")
    assert f"at column {column}:" in first
    assert (line, pointer) == (text, " " * (column - 1) + "^")


def test_only_the_surroundings_of_a_long_query_are_shown():
    text = " ".join(["name:'Rocket'"] * 20) + " name='x'"
    with pytest.raises(BadQuery) as failure:
        parse_query(text)
    line, pointer = failure.value.message.split("\n")[1:]
    assert len(line) == 60
    assert line[pointer.index("^") :] == "='x'"


def test_clauses_are_bounded():
    assert len(parse_query(" ".join(["a:1"] * MAX_CLAUSES)).clauses) == MAX_CLAUSES
    with pytest.raises(BadQuery, match="up to"):
        parse_query(" ".join(["a:1"] * (MAX_CLAUSES + 1)))
