"""`/docs`: every call has its section, and nothing on the pages needs a script."""

import re

import pytest

from portal.api import openapi, reference


@pytest.fixture
def page(client):
    """`page("/docs")` is the HTML of a page."""

    def get(path):
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return get


def test_the_index_names_every_call(page):
    listed = re.findall(r"<b>(\w+)</b> <code>/v1([^<]+)</code>", page("/docs"))
    paths = openapi.document()["paths"]
    assert sorted(listed) == sorted((method.upper(), path) for path in paths for method in paths[path])


def test_every_call_has_its_section(page):
    for noun in reference.list_nouns("http://localhost"):
        html = page(f"/docs/{noun.slug}")
        assert [call.id for call in noun.calls if f'<h2 id="{call.id}">' not in html] == []
        assert "<script" not in html
        assert "style=" not in html


def test_a_call_shows_parameters_answer_and_an_example(page):
    html = page("/docs/billing_portal-sessions")
    assert "Session: create" in html
    assert "flow_data[after_completion][type]" in html
    assert "Answers with billing_portal.session." in html
    assert "curl -X POST http://localhost/v1/billing_portal/sessions" in html


def test_an_unknown_noun_is_a_page_not_found(client):
    assert client.get("/docs/planets").status_code == 404
