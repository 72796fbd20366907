"""`/docs`: every call and object has a page of a bearable size, and nothing on the pages needs a script."""

import re
from urllib.parse import unquote

import pytest

from portal.api import guides, openapi
from portal.api.reference_pages import list_nouns
from portal.api.reference_search import list_entries

#: What a page may weigh, in bytes without compression: slow lines get it within seconds.
LARGEST_PAGE = 150_000


@pytest.fixture
def page(client):
    """`page("/docs")` is the HTML of a page."""

    def get(path):
        answer = client.get(path)
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True)

    return get


def _addresses():
    yield "/docs"
    yield "/docs/search?q=customer"
    yield from (f"/docs/guides/{guide.slug}" for guide in guides.list_guides())
    for noun in list_nouns():
        yield f"/docs/{noun.slug}"
        yield from (f"/docs/{noun.slug}/{part.id}" for part in (*noun.calls, *noun.objects))


def test_every_call_has_its_page(app):
    listed = sorted((call.method, call.path) for noun in list_nouns() for call in noun.calls)
    paths = openapi.document()["paths"]
    assert listed == sorted((method.upper(), path) for path in paths for method in paths[path])


def test_no_page_is_large_or_needs_a_script(app, page):
    pages = {address: page(address) for address in _addresses()}
    assert len(pages) > 200
    assert {address: len(html) for address, html in pages.items() if len(html.encode()) > LARGEST_PAGE} == {}
    assert [address for address, html in pages.items() if re.search(r"<script|<style|\sstyle=|\son\w+=", html)] == []


def test_links_of_the_pages_lead_somewhere(app, page, client):
    """Pages that exist, and places on them."""
    known = {address.partition("?")[0]: page(address) for address in _addresses()}
    for address, html in known.items():
        for link in re.findall(r'href="([^"]+)"', html):
            if link.startswith(("http", "/static", "/v1/")):
                continue
            path, _, anchor = unquote(link).partition("#")
            whole = path if path.startswith("/") else f"{address.rpartition('/')[0]}/{path}" if path else address
            assert whole in known, (address, link)
            assert not anchor or f'id="{anchor}"' in known[whole], (address, link)


def test_pictures_of_guides_are_there(app, client, page):
    pages = [page(f"/docs/guides/{guide.slug}") for guide in guides.list_guides()]
    named = {name for html in pages for name in re.findall(r'<img src="([^"]+)"', html)}
    assert named
    for name in named:
        with client.get(f"/docs/guides/{name}") as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/png"), name


def test_a_call_shows_words_parameters_answer_and_a_sample(page):
    html = page("/docs/billing_portal-sessions/PostBillingPortalSessions")
    assert "Session: create" in html
    assert "flow_data[after_completion][type]" in html
    assert '<a href="/docs/billing_portal-sessions/billing_portal.session">billing_portal.session</a>' in html
    assert "curl http://localhost/v1/billing_portal/sessions" in html
    assert "client.v1.billing_portal.sessions.create" in html
    assert "&#34;object&#34;: &#34;billing_portal.session&#34;" in html


def test_only_updates_say_that_an_empty_value_clears(page):
    created, updated = (page(f"/docs/customers/{id}") for id in ("PostCustomers", "PostCustomersId"))
    assert "empty clears it" not in created
    assert "<code>phone</code><span>text</span><b>empty clears it</b>" in updated
    assert "<code>expand</code><span>list of text</span></th>" in updated


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("due_date", '<a href="/docs/invoices/PostInvoices#due_date">due_date</a>'),
        ("void an invoice", "POST /v1/invoices/{id}/void"),
        ("leitweg-id", "/docs/guides/e-invoices#what-the-buyer-wants-to-read"),
        ("DUE_DATE", ">due_date</a>"),
    ],
)
def test_a_search_finds_calls_parameters_and_guides(page, query, found):
    assert found in page(f"/docs/search?q={query}")


def test_what_is_found_leads_to_its_place(app, page):
    known = {}
    for entry in list_entries():
        path, _, anchor = entry.path.partition("#")
        if path not in known:
            known[path] = page(f"/docs/{path}")
        assert not anchor or f'id="{anchor}"' in known[path], entry.path


def test_a_search_shows_what_was_typed_and_nothing_more(page):
    html = page("/docs/search?q=<script>alert(1)</script>")
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "Nothing has all of these words" in html
    assert "Nothing has" not in page("/docs/search")


@pytest.mark.parametrize(
    "path", ["planets", "customers/planet", "planets/PostCustomers", "guides/planets", "guides/dependencies"]
)
def test_an_unknown_page_is_not_found(client, path):
    assert client.get(f"/docs/{path}").status_code == 404


def test_a_value_is_listed_once(app):
    """A hash that may be null is one hash; names are the places that links lead to."""
    parts = [part for noun in list_nouns() for part in (*noun.calls, *noun.objects)]
    rows = [
        (part.id, [row.name for row in getattr(part, "parameters", None) or getattr(part, "keys", ())])
        for part in parts
    ]
    assert {id: names for id, names in rows if len(set(names)) < len(names)} == {}
