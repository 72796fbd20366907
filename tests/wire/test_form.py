"""Bracketed bodies: what they mean, and what is refused before anything is read."""

import pytest

from portal.errors import InvalidRequest
from portal.wire.commands import Command, ListOf, Name, parse_command
from portal.wire.form import MAX_DEPTH, MAX_PARAMETERS, parse


class Item(Command):
    price: Name | None = None
    names: ListOf[Name] | None = None


class Sent(Command):
    """What the lists below are read into."""

    items: ListOf[Item] | None = None
    names: ListOf[Name] | None = None


MEANINGS = [
    (b"", {}),
    (b"a=1&b=2", {"a": "1", "b": "2"}),
    (b"&&a=1&", {"a": "1"}),
    (b"a", {"a": ""}),
    (b"a=", {"a": ""}),
    (b"a=b=c", {"a": "b=c"}),
    (b"a=1+2%2B3", {"a": "1 2+3"}),
    (b"a=1&a=2", {"a": "2"}),
    (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
    (b"a%5Bb%5D=1", {"a": {"b": "1"}}),
    (b"a[0]=x&a[1]=y", {"a": {"0": "x", "1": "y"}}),
    (b"a=%E2%82%AC%F0%9F%9A%80", {"a": "\u20ac\U0001f680"}),
    (
        "a=\u20ac\U0001f680 \u00fc%C3%BC&\u00fc[]=1".encode(),
        {"a": "\u20ac\U0001f680 \u00fc\u00fc", "\u00fc": {str(MAX_PARAMETERS): "1"}},
    ),
    (b"a=%0A%09%0D", {"a": "\n\t\r"}),
    (b"a=1;b=2", {"a": "1;b=2"}),
    (b"a.b=1", {"a.b": "1"}),
    (b"a=1,2", {"a": "1,2"}),
    (b"__proto__[x]=1", {"__proto__": {"x": "1"}}),
]


@pytest.mark.parametrize(("text", "values"), MEANINGS)
def test_a_body_means(text, values):
    assert parse(text) == values


LISTS = [
    ("names[0]=x&names[1]=y", {"names": ["x", "y"]}),
    ("names[]=x&names[]=y", {"names": ["x", "y"]}),
    ("names[7]=y&names[3]=x", {"names": ["x", "y"]}),
    ("names[10]=y&names[9]=x", {"names": ["x", "y"]}),
    ("names[0]=x&names[]=y", {"names": ["x", "y"]}),
    ("names=", {"names": []}),
    ("items[0][price]=x&items[1][price]=y", {"items": [{"price": "x"}, {"price": "y"}]}),
    ("items[][price]=x&items[][price]=y", {"items": [{"price": "x"}, {"price": "y"}]}),
    ("items[][names][]=a&items[][names][]=b", {"items": [{"names": ["a", "b"]}]}),
    (
        "items[][names][]=a&items[][price]=x&items[][price]=y",
        {"items": [{"names": ["a"], "price": "x"}, {"price": "y"}]},
    ),
]


@pytest.mark.parametrize(("text", "values"), LISTS)
def test_lists_are_written_by_index_or_by_empty_brackets(text, values):
    assert parse_command(Sent, parse(text.encode())).model_dump(exclude_unset=True) == values


BAD_NAMES = [
    "[",
    "]",
    "[a]",
    "a[",
    "a]",
    "a[b",
    "a[b]c",
    "a[[b]]",
    "a]b[",
    "a[b]]",
    "a[b][",
    "=1",
    "[]",
    "%5Ba%5D",
    "a[b%5D]",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_malformed_brackets_are_refused(name):
    with pytest.raises(InvalidRequest, match="Invalid parameter name"):
        parse(f"ok=1&{name}=1".encode())


BAD_BYTES = [
    b"a=%00",
    b"a%00=1",
    b"a=%1b",
    b"a=%7F",
    b"a=%ff",
    b"a=%C0%80",
    b"a=%ED%A0%80",
    b"%ff=1",
    b"a=\xc3",
    b"a=%F5%80%80%80",
]


@pytest.mark.parametrize("text", BAD_BYTES)
def test_bytes_that_are_no_text_are_refused(text):
    with pytest.raises(InvalidRequest):
        parse(text)


TOO_LARGE = {
    "10,000 keys": b"&".join(b"k%d=v" % number for number in range(10_000)),
    "one key too many": b"a=1&" * MAX_PARAMETERS + b"b=1",
    "one level too deep": b"a" + b"[b]" * (MAX_DEPTH + 1) + b"=1",
    "endlessly deep": b"a" + b"[b]" * 50_000 + b"=1",
    "deep lists": b"a" + b"[]" * 50_000 + b"=1",
}


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_what_no_real_request_holds_is_refused(text):
    with pytest.raises(InvalidRequest, match="too many parameters"):
        parse(text)


def test_the_limits_themselves_are_allowed():
    assert len(parse(b"&".join(b"k%d=v" % number for number in range(MAX_PARAMETERS)))) == MAX_PARAMETERS
    assert parse(b"a" + b"[b]" * MAX_DEPTH + b"=1")


@pytest.mark.parametrize(
    "text", ["names=x", "names[a]=x", "names[-1]=x", "names[0][a]=x", "items[0]=x", "names[1]=&names=x"]
)
def test_a_list_of_another_form_is_refused(text):
    with pytest.raises(InvalidRequest):
        parse_command(Sent, parse(text.encode()))


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "a[b]=1&a[b][c]=2"])
def test_a_name_that_is_text_and_hash_at_once_is_no_text(text):
    class Strict(Command):
        a: Name

    with pytest.raises(InvalidRequest, match="Invalid string"):
        parse_command(Strict, parse(text.encode()))
