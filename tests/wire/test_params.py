"""Parameter types: what each takes, and the words for what it does not."""

from decimal import Decimal
from typing import Literal

import pytest

from portal.errors import InvalidRequest
from portal.wire import commands
from portal.wire.commands import Command, merge_metadata, parameter_name, parse_command
from portal.wire.hashes import merge_hashes
from portal.wire.texts import Email, Language


class Inner(Command):
    word: commands.Name | None = None


class Everything(Command):
    """One parameter of every type."""

    amount: commands.Amount | None = None
    country: commands.Country | None = None
    currency: commands.Currency | None = None
    email: Email | None = None
    exact: commands.ExactDecimal | None = None
    flag: commands.Flag | None = None
    inner: Inner | None = None
    language: Language | None = None
    metadata: commands.Metadata | None = None
    name: commands.Name | None = None
    names: commands.ListOf[commands.Name] | None = None
    note: commands.Clearable[commands.Text] = None
    page: commands.PageSize | None = None
    range: commands.TimestampFilter = None
    which: Literal["one", "two"] | None = None
    whole: commands.WholeDecimal | None = None


GOOD = [
    ("amount", "-999999999999", -999_999_999_999),
    ("amount", "0", 0),
    ("amount", "007", 7),
    ("country", "de", "DE"),
    ("currency", "EUR", "eur"),
    ("email", "Jenny@EXAMPLE.com", "Jenny@example.com"),
    ("email", "jenny@shop.test", "jenny@shop.test"),
    ("email", "j\u00fc@m\u00fcnchen.de", "j\u00fc@m\u00fcnchen.de"),
    ("exact", "19.5", Decimal("19.5")),
    ("exact", "-0.000000000001", Decimal("-0.000000000001")),
    ("exact", "0.10", Decimal("0.1")),
    ("exact", "1E+2", Decimal(100)),
    ("exact", "1.25e1", Decimal("12.5")),
    ("exact", "1e-7", Decimal("0.0000001")),
    ("exact", ".5", Decimal("0.5")),
    ("exact", "5.", Decimal(5)),
    ("exact", "+7", Decimal(7)),
    ("exact", "0.30000000000000000000", Decimal("0.3")),
    ("exact", "-0", Decimal(0)),
    ("exact", "0E-20", Decimal(0)),
    ("whole", "1E+2", 100),
    ("whole", "7.000", 7),
    ("flag", "true", True),
    ("flag", "False", False),
    ("flag", "false", False),
    ("language", "pt-BR", "pt-BR"),
    ("name", "e\u0301", "\u00e9"),
    ("name", "\U0001f469\u200d\U0001f680 \u05d0\u200f 1", "\U0001f469\u200d\U0001f680 \u05d0\u200f 1"),
    ("name", "\U0001fae8\U0001faea", "\U0001fae8\U0001faea"),
    ("name", "x" * 256, "x" * 256),
    ("note", "", None),
    ("note", "one\ntwo\r\n\tthree", "one\ntwo\r\n\tthree"),
    ("metadata", {"key": "one\ntwo"}, {"key": "one\ntwo"}),
    ("page", "100", 100),
    ("which", "two", "two"),
]


@pytest.mark.parametrize(("name", "sent", "value"), GOOD)
def test_a_value_is_read(name, sent, value):
    assert getattr(parse_command(Everything, {name: sent}), name) == value


BAD = [
    (
        "amount",
        ["", "x", "1.5", "1e3", "+1", " 1", "0x1", "1_000", "\u0661", "1000000000000", "-1000000000000", "9" * 19],
    ),
    ("amount", ["9223372036854775808", "9" * 30, "NaN", "Infinity", {"a": "1"}, ["1"]]),
    ("country", ["", "D", "DEU", "49", "\u0394\u0395", {"a": "1"}]),
    ("currency", ["", "eu", "euros", "xyz", "\u20ac", {"a": "1"}]),
    (
        "email",
        [
            "",
            "x",
            "x@",
            "@x.de",
            "x@localhost",
            "a b@x.de",
            "x@x..de",
            "x@x.de\nBcc: y@y.de",
            "x" * 513,
            "a@b.c\u202e.de",
        ],
    ),
    (
        "exact",
        [
            "",
            "x",
            "1e",
            "e1",
            ".",
            "1e13",
            "1e-13",
            "1e999",
            "1e-999",
            "0x1",
            "1_0",
            " 1",
            "Infinity",
            "1.0000000000001",
            "1234567890123",
            "NaN",
            "\u0661",
            {"a": "1"},
        ],
    ),
    ("flag", ["", "1", "yes", "TRUE", "on", {"a": "true"}]),
    ("inner", ["", "x", {"0": "x"}, {"word": {"a": "1"}}]),
    ("language", ["", "x", "auto", "1", "d" * 21, "../de", {"a": "1"}]),
    (
        "name",
        [
            "",
            "x" * 257,
            "one\ntwo",
            "one\ttwo",
            "\u2028",
            {"a": "1"},
            ["x"],
            "\x80",
            "\u202eabc",
            "\u2066",
            "\ufffe",
            "\ue000",
            "\ud800",
            "\U0010ffff",
        ],
    ),
    ("names", ["x", {"a": "x"}, {"0": ""}, {"0": {"a": "1"}}, {"9" * 5000: "x"}]),
    ("page", ["0", "101", "-1", "", "x"]),
    ("range", ["x", "", {"gt": "x"}, {"between": "1"}, {"gt": "-1"}, {"gt": "253402300800"}]),
    ("which", ["", "three", "One", {"a": "one"}, ["one"]]),
    ("unknown", ["x"]),
]


@pytest.mark.parametrize(("name", "sent"), [(name, value) for name, values in BAD for value in values], ids=ascii)
def test_a_wrong_value_is_refused_and_named(name, sent):
    with pytest.raises(InvalidRequest) as failure:
        parse_command(Everything, {name: sent})
    assert failure.value.param is not None
    assert failure.value.param.split("[")[0] == name
    assert "pydantic" not in failure.value.message


CODES = [
    ({"amount": "x"}, "parameter_invalid_integer", "Invalid integer: x"),
    ({"name": ""}, "parameter_invalid_empty", "You passed an empty string."),
    ({"unknown": "1"}, "parameter_unknown", "Received unknown parameter: unknown"),
    ({"which": "three"}, None, "Invalid which: must be one of one or two"),
    ({"inner": "x"}, None, "Invalid object"),
    ({"names": "x"}, None, "Invalid array"),
    ({"flag": "x"}, None, "Invalid boolean: x"),
    ({"country": "XYZ"}, "country_code_invalid", "Country 'XYZ' is unknown."),
    ({"email": "x"}, "email_invalid", "Invalid email address: x"),
]


@pytest.mark.parametrize(("sent", "code", "message"), CODES)
def test_the_words_and_codes_are_the_documented_ones(sent, code, message):
    with pytest.raises(InvalidRequest) as failure:
        parse_command(Everything, sent)
    assert failure.value.code == code
    assert failure.value.message.startswith(message)


def test_a_parameter_has_three_states():
    assert not parse_command(Everything, {}).was_sent("note")
    assert parse_command(Everything, {"note": ""}).sent_values("note") == {"note": None}
    assert parse_command(Everything, {"note": "x"}).sent_values("note", "name") == {"note": "x"}


def test_a_bare_timestamp_means_that_very_second():
    assert parse_command(Everything, {"range": "5"}).range == commands.TimestampRange(gte=5, lte=5)


@pytest.mark.parametrize(("path", "name"), [(("items", 0, "price"), "items[0][price]"), (("a",), "a"), ((), "")])
def test_paths_are_written_in_brackets(path, name):
    assert parameter_name(path) == name


METADATA = [
    ({"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}),
    ({"a": "1", "b": "2"}, {"a": ""}, {"b": "2"}),
    ({"a": "1"}, {}, {}),
    ({}, {"a": ""}, {}),
]


@pytest.mark.parametrize(("stored", "sent", "result"), METADATA)
def test_metadata_is_merged_key_by_key(stored, sent, result):
    assert merge_metadata(stored, sent) == result


def test_at_most_fifty_keys_remain():
    full = {str(number): "x" for number in range(50)}
    assert merge_metadata(full, {"0": "", "new": "x"})
    with pytest.raises(InvalidRequest, match="50 metadata keys"):
        merge_metadata(full, {"new": "x"})


@pytest.mark.parametrize(
    ("stored", "sent", "result"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ],
)
def test_hashes_are_laid_over_key_by_key(stored, sent, result):
    assert merge_hashes(stored, sent) == result
