"""A merchant's logo on documents: the one it had when they were frozen, and nothing else is loaded with it."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

import pytest
from pypdf import PdfReader

from portal.documents import render
from tests.clients import Api
from tests.documents import samples
from tests.factories import Factories
from tests.pictures import picture


def address(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def pictures(pdf: bytes) -> list[tuple[int, int]]:
    """The sizes of the pictures in a PDF."""
    return [each.image.size for page in PdfReader(io.BytesIO(pdf)).pages for each in page.images if each.image]


@pytest.mark.parametrize(("kind", "name"), [("PNG", "png"), ("JPEG", "jpeg")])
def test_a_logo_is_printed(kind: str, name: str) -> None:
    document = samples.invoice(1, logo=address(picture(300, 150, kind), name))
    assert pictures(render.pdf(document)) == [(300, 150)]


def test_a_large_logo_is_printed_as_fine_as_paper_needs() -> None:
    document = samples.invoice(1, logo=address(picture(4096, 2048)))
    ((width, _),) = pictures(render.pdf(document))
    assert 400 < width < 750


def test_documents_without_a_logo_stay_as_they_were() -> None:
    assert "logo" not in render.html(samples.invoice(1))
    assert samples.invoice(1).fingerprint() != samples.invoice(1, logo=address(picture())).fingerprint()


@pytest.mark.parametrize("logo", ["file:///etc/passwd", "data:image/svg+xml;base64,PHN2Zz4=", "data:image/png,x", ""])
def test_what_is_no_logo(logo: str) -> None:
    with pytest.raises(ValueError, match="logo must be"):
        samples.invoice(1, logo=logo)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9/", "data:text/plain,x", "logo:other"])
def test_nothing_but_the_logo_is_loaded(url: str) -> None:
    fetcher = render.PictureFetcher(address(picture()))
    assert fetcher.fetch(render.LOGO_URL).read() == picture()
    with pytest.raises(ValueError, match="load nothing"):
        fetcher.fetch(url)


def test_an_invoice_keeps_the_logo_it_was_finalized_with(api: Api, make: Factories) -> None:
    def choose(width: int) -> None:
        file: Any = api.post("files", purpose="business_logo", upload=("logo.png", picture(width, 128)))
        api.post("account", settings={"branding": {"logo": file["id"]}})

    def pdf_of(invoice: Any) -> bytes:
        url = api.get(f"invoices/{invoice.id}")["invoice_pdf"]
        content: bytes = api.client.get(url).get_data()
        return content

    plain = make.invoice()
    choose(200)
    first = make.invoice()
    choose(300)
    second = make.invoice()
    assert [pictures(pdf_of(each)) for each in (plain, first, second)] == [[], [(200, 128)], [(300, 128)]]
