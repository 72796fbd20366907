"""Whatever is sent, the answer is below 500, in the documented shape, and a refusal leaves nothing behind."""

import random
from typing import get_args, get_origin

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.api import endpoint, init_app
from portal.models import Base, TenantOwned
from portal.wire.commands import Command
from tests.clients import flattened
from tests.failures import error_of

init_app(Flask(__name__))
CALLS = sorted(endpoint.CALLS)
FORM = "application/x-www-form-urlencoded"
TENANT_TABLES = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)]
#: What is appended to a parameter's name, and its value, as they are sent.
VALUES = {
    "nothing": ("", ""),
    "a letter": ("", "x"),
    "a hash": ("[a]", "1"),
    "a list": ("[]", "x"),
    "2^63": ("", str(2**63)),
    "-1": ("", "-1"),
    "5,001 letters": ("", "x" * 5001),
    "an emoji": ("", "%F0%9F%9A%80"),
    "an override": ("", "%E2%80%AEabc"),
}


def parameters(command, prefix=""):
    """The bracketed name of every parameter of a command, nested ones too."""
    for name, field in command.model_fields.items():
        path = f"{prefix}[{name}]" if prefix else name
        yield path
        yield from _inside(field.annotation, path)


def _inside(hint, path):
    if isinstance(hint, type) and issubclass(hint, Command):
        yield from parameters(hint, path)
    elif get_origin(hint) is list:
        yield f"{path}[0]"
        yield from _inside(get_args(hint)[0], f"{path}[0]")
    else:
        for argument in get_args(hint):
            yield from _inside(argument, path)


@pytest.fixture
def objects(api, make):
    """The id of an object for each first part of a path, and what its creation needs at least."""
    customer, price, draft = make.customer().id, make.price(), make.draft()
    invoice, rate = make.invoice(), make.tax_rate()
    entry, tax_id = {"amount": 1, "currency": "eur"}, {"type": "eu_vat", "value": "DE136695976"}
    below = f"customers/{customer}"
    own = api.post(f"{below}/tax_ids", type="us_ein", value="12-3456789")["id"]
    booked = api.post(f"{below}/balance_transactions", **entry)["id"]
    return {
        "accounts": (api.get("account")["id"], {}),
        "balance_transactions": (booked, entry),
        "configurations": (make.configuration().id, {"features": {"invoice_history": {"enabled": True}}}),
        "credit_notes": (make.credit_note(invoice, 1).id, {"invoice": invoice.id, "amount": 1}),
        "customers": (customer, {}),
        "invoiceitems": (api.post("invoiceitems", customer=customer, **entry)["id"], {"customer": customer, **entry}),
        "invoices": (draft.id, {"customer": customer, "currency": "eur"}),
        "prices": (price.id, {"product": price.product_id, "currency": "eur", "unit_amount": 1}),
        "products": (price.product_id, {"name": "x"}),
        "sessions": (api.post("billing_portal/sessions", customer=customer)["id"], {"customer": customer}),
        "subscriptions": (make.subscription().id, {"customer": customer, "items": [{"price": price.id}]}),
        "tax_ids": (own, tax_id),
        "tax_rates": (rate.id, {"display_name": "x", "percentage": 1, "inclusive": True}),
    }


def _addressed(rule, objects):
    """A rule's path with real ids, and the least that a creation below it needs."""
    path, base = rule[1:], {}
    for noun, (id, least) in objects.items():
        if path.endswith(noun):
            base = least
        path = path.replace(f"{noun}/<id>", f"{noun}/{id}")
    return path.replace("<customer>", objects["customers"][0]), base


@pytest.fixture
def rows(database, scope):
    """`rows()` counts the merchant's rows, table by table."""
    own = {model: model.tenant_id == scope.tenant_id for model in TENANT_TABLES}
    counts = select(*(select(func.count(model.id)).where(mine).scalar_subquery() for model, mine in own.items()))

    def count():
        with database.reading(scope) as db:
            return tuple(db.execute(counts).one())

    return count


def _refused_in_peace(answer, rows, before):
    """The rows there are now; a refusal must have left them alone."""
    after = rows()
    if answer.status_code != 200:
        error_of(answer)
        assert after == before
    return after


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_parameter_stands_every_value(api, objects, rows, call):
    method, rule = call
    path, base = _addressed(rule, objects)
    least = flattened(base) if method == "POST" else []
    for name in parameters(endpoint.CALLS[call]):
        before = rows()
        kept = [f"{key}={text}" for key, text in least if key.partition("[")[0] != name]
        sent = ("&".join([*kept, f"{name}{suffix}={value}"]) for suffix, value in VALUES.values())
        refused = [
            answer for answer in (api.request(method, path, raw=raw) for raw in sent) if answer.status_code != 200
        ]
        assert all(map(error_of, refused))
        assert len(refused) < len(VALUES) or rows() == before


RAW = {
    "malformed brackets": "a[b=1",
    "closed before opened": "a]b[=1",
    "10,000 keys": "&".join(f"k{number}=v" for number in range(10_000)),
    "deep nesting": "a" + "[b]" * 10_000 + "=1",
    "a lone surrogate": "name=%ED%A0%80",
    "half a character": "name=%C3",
    "NUL": "name=%00",
    "NUL in a name": "na%00me=x",
    "an escape sequence": "description=%1B[31m",
    "text and hash": "address=x&address[city]=y",
    "hash and text": "metadata[a]=x&metadata[a][b]=y",
    "a huge index": "preferred_locales[99999999999]=de",
    "a negative index": "preferred_locales[-1]=de",
    "an endless index": f"preferred_locales[{'9' * 5000}]=de",
    "an endless number": f"balance={'9' * 5000}",
    "raw UTF-8": "name=\u00e4",
    "half an escape": "name=%",
    "a class of Python's": "__class__=x",
    "a semicolon": "name=a;name[b]=c",
    "expand everything": "&".join(f"expand[]={'.'.join(['customer'] * number)}" for number in range(1, 250)),
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_odd_bodies_and_queries_are_answered(api, rows, raw, method):
    before = rows()
    _refused_in_peace(api.request(method, "customers", raw=raw), rows, before)


BODIES = {
    "JSON": ("application/json", b'{"name": "Jenny"}', 400),
    "a multipart form": ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--", 400),
    "plain text": ("text/plain", b"name=Jenny", 400),
    "nothing said": ("", b"name=Jenny", 400),
    "nonsense": ("\xff/\x00", b"name=Jenny", 400),
    "another charset": (f"{FORM}; charset=utf-16", "name=Jenny".encode("utf-16"), 400),
    "over 256 KiB": (FORM, b"description=" + b"x" * 256 * 1024, 413),
    "a megabyte of brackets": (FORM, b"a[" * 512 * 1024, 413),
    "just below 256 KiB": (FORM, b"description=" + b"x" * 255 * 1024, 400),
}


@pytest.mark.parametrize(("kind", "body", "status"), BODIES.values(), ids=BODIES.keys())
def test_other_bodies_are_refused(api, rows, kind, body, status):
    before = rows()
    answer = api.request("POST", "customers", raw=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    _refused_in_peace(answer, rows, before)


HEADERS = {
    "chunked": ({"Transfer-Encoding": "chunked"}, 411),
    "oddly chunked": ({"Transfer-Encoding": "gzip, Chunked"}, 411),
    "compressed": ({"Content-Encoding": "gzip"}, 400),
    "another host": ({"Host": "evil.example"}, 400),
    "a host with a path": ({"Host": "localhost/evil"}, 400),
    "no host": ({"Host": ""}, 400),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS.keys())
def test_other_headers_are_refused(api, rows, headers, status):
    before = rows()
    answer = api.request("POST", "customers", name="Jenny", headers=headers)
    assert answer.status_code == status
    _refused_in_peace(answer, rows, before)


@pytest.mark.parametrize(
    "id", ["%00", "%ED%A0%80", "%FF", "x" * 5000, "%F0%9F%9A%80", "'%20OR%201=1", "%E2%80%AE", "..", "%25"]
)
@pytest.mark.parametrize(
    "rule", ["customers/{}", "customers/{}/tax_ids", "tax_ids/{}", "accounts/{}", "invoices/{}/lines"]
)
def test_odd_ids_are_unknown(api, id, rule):
    answer = api.request("GET", rule.format(id))
    assert answer.status_code in {400, 404}
    error_of(answer)


def test_an_id_longer_than_any_is_unknown_to_what_would_write(api, rows):
    before = rows()
    answer = api.request("POST", f"customers/{'x' * 256}/tax_ids", type="eu_vat", value="DE123456789")
    assert answer.status_code == 404
    _refused_in_peace(answer, rows, before)


PIECES = [
    "",
    "x",
    "0",
    "-1",
    "true",
    "eur",
    "DE",
    "all",
    "now",
    "[",
    "]",
    "[]",
    "=",
    "&",
    "%",
    "%00",
    "%F0%9F",
    "%E2%82%AC",
]
PIECES += [
    "9" * 20,
    "1.5",
    "2026-01-01",
    "a@b.de",
    "https://example.com",
    "javascript:x",
    "x" * 300,
    "+",
    "%0A",
    "id",
    ".",
]


@pytest.mark.parametrize("seed", range(8))
def test_random_requests_are_answered(api, objects, rows, seed):
    """Four hundred for each seed: real calls, with parameters of theirs that hold anything."""
    dice = random.Random(seed)
    found = rows()
    for _ in range(400):
        method, rule = dice.choice(CALLS)
        path, base = _addressed(rule, objects)
        pairs = [f"{key}={value}" for key, value in flattened(base)] if dice.random() < 0.8 else []
        names = [*parameters(endpoint.CALLS[method, rule]), *PIECES]
        pairs += [
            f"{dice.choice(names)}={''.join(dice.choices(PIECES, k=dice.randint(1, 2)))}"
            for _ in range(dice.randint(0, 3))
        ]
        found = _refused_in_peace(api.request(method, path, raw="&".join(pairs)), rows, found)
