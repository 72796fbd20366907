"""Templates that a merchant wrote: what they can do, what they can't, and how mistakes are told."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from portal.documents import designs, samples
from portal.documents.designs import Complaint, Design
from portal.documents.pool import Pool
from portal.documents.store import FolderStore
from portal.documents.stored_rendering import read_or_render_pdf
from portal.documents.values import Document
from tests.documents.conftest import read
from tests.pictures import picture

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><rect width="4" height="2" fill="#9d174d"/></svg>'
GREETING = b'{% extends "invoice/v1.html" %}{% block kind %}{{ super() }} of ours{% endblock %}'


def _with(files: dict[str, bytes], document: Document | None = None) -> Document:
    digest = repr(sorted(files.items()))
    return replace(document or samples.invoice(), own=Design(digest, tuple(files.items())))


def _text(content: bytes) -> str:
    return " ".join(page.extract_text() for page in read(content).pages)


@pytest.mark.parametrize("version", [b"v1", b"v2"])
def test_a_template_extends_a_built_in_one(pool: Pool, version: bytes) -> None:
    greeting = GREETING.replace(b"v1", version)
    assert "Invoice of ours" in _text(pool.render(_with({"invoice.html": greeting})))
    assert pool.examine({"invoice.html": greeting}, "invoice") == []


def test_a_page_is_styled_for_the_version_that_it_names(pool: Pool) -> None:
    page = b'<html lang="en"><title>x</title><body class="%s"><h2>Heading</h2></html>'
    first, second = (pool.render(_with({"invoice.html": page % version})) for version in (b"v1", b"v2"))
    assert pool.render(_with({"invoice.html": page.replace(b' class="%s"', b"")})) == first
    assert first != second
    (complaint,) = pool.examine({"invoice.html": page % b"v99"}, "invoice")
    assert complaint.fatal


def test_a_template_can_say_everything_itself(pool: Pool) -> None:
    own = b'<html lang="{{ lang }}"><title>x</title><p>{{ document.total|money }} {{ _("Due date") }}</p></html>'
    content = pool.render(_with({"invoice.html": own}, samples.invoice("de")))
    assert _text(content).split() == ["412,93", "€", "Fällig", "am"]


def test_a_style_alone_is_for_every_kind(pool: Pool) -> None:
    files = {"style.css": b".foot span { display: none } h1::after { content: ' ours' }"}
    for document in (samples.invoice(), samples.credit_note(), samples.quote(), samples.receipt()):
        assert "ours" in _text(pool.render(_with(files, document)))


def test_images_of_the_folder_are_shown(pool: Pool) -> None:
    shown = GREETING.replace(b"{{ super() }}", b'<img src="logo.svg" alt="Logo" style="height: 8mm">')
    assert pool.examine({"invoice.html": shown, "logo.svg": LOGO}, "invoice") == []


def test_the_logo_of_the_account_is_shown_with_own_files_too(pool: Pool) -> None:
    document = samples.invoice(logo=f"data:image/png;base64,{b64encode(picture()).decode()}")
    shown = pool.render(_with({"style.css": b"p { color: #111111 }"}, document))
    assert len(read(shown).pages[0].images) == 1


@pytest.mark.parametrize("url", ["https://example.com/x.png", "file:///etc/passwd", "other.png", "../x.png", "data:,x"])
def test_nothing_else_is_loaded(pool: Pool, url: str) -> None:
    files = {"invoice.html": GREETING.replace(b"{{ super() }}", f'\n<img src="{url}" alt="">'.encode())}
    (complaint,) = pool.examine(files, "invoice")
    assert (complaint.file, complaint.line) == ("invoice.html", 2)
    assert "nothing is loaded from elsewhere" in complaint.words


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        (b"\n\n{% if %}", 3, "TemplateSyntaxError"),
        (b"\n{{ document.nunber }}", 2, "has no attribute 'nunber'"),
        (b"\n{{ document.number|shout }}", 2, "No filter named 'shout'"),
        (b"\n{{ ''.__class__.__mro__ }}", 2, "SecurityError"),
        (b"\n{{ _.__globals__ }}", 2, "SecurityError"),
        (b"\n{{ document.custom_fields.append(1) }}", 2, "has no attribute 'append'"),
        (b"{% include '../../../SECURITY.md' %}", 1, "TemplateNotFound"),
        (b"{% include '/etc/passwd' %}", 1, "TemplateNotFound"),
        (b"{% for i in range(10**9) %}{% endfor %}", 1, "OverflowError"),
        (b"\n\n<img src='logo.png'>", 3, "no alt text"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(pool: Pool, template: bytes, line: int, words: str) -> None:
    complaint = pool.examine({"invoice.html": template}, "invoice")[0]
    assert (complaint.file, complaint.line) == ("invoice.html", line)
    assert words in complaint.words


def test_a_rule_that_means_nothing_is_noted(pool: Pool) -> None:
    (complaint,) = pool.examine({"style.css": b"p { color: red }\np { colr: red }"}, "invoice")
    assert (complaint.file, complaint.line, complaint.fatal) == ("style.css", 2, False)


@pytest.mark.parametrize(
    "template",
    [
        b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        b"{{ ('x' * 999999999)|length }}{{ 'y' * 999999999 }}",
    ],
)
def test_what_takes_too_much_is_stopped_and_the_next_document_is_fine(template: bytes) -> None:
    pool = Pool(seconds=2)
    try:
        with pytest.raises(Exception, match="could not be made"):
            pool.examine({"invoice.html": template}, "invoice")
        assert pool.render(samples.invoice()).startswith(b"%PDF-")
    finally:
        pool.close()


def test_a_document_that_its_template_fails_comes_in_the_built_in_look(
    pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    document = _with({"invoice.html": b"{{ 1 / 0 }}"})
    assert "Invoice" in _text(read_or_render_pdf(document, store=FolderStore(str(tmp_path)), pool=pool))
    assert "the own template of 2026-0042 failed" in caplog.text


def test_a_document_is_another_with_other_files() -> None:
    plain = samples.invoice()
    assert len({each.fingerprint() for each in (plain, _with({"a.css": b"1"}), _with({"a.css": b"2"}))}) == 3


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("logo.exe", b"", Complaint("logo.exe", None, "is no HTML, CSS, image or font by its name")),
        ("style.css", b"p {}\n\xff", Complaint("style.css", 2, "is no UTF-8")),
        ("large.png", b"x" * (designs.MAX_BYTES + 1), Complaint("large.png", None, "is larger than 1024 KiB")),
    ],
)
def test_a_folder_is_looked_at_before_anything_is_tried(
    tmp_path: Path, name: str, content: bytes, complaint: Complaint
) -> None:
    (tmp_path / "quote.html").write_bytes(b"")
    (tmp_path / name).write_bytes(content)
    assert designs.read_folder(tmp_path)[1] == [complaint]


def test_links_out_of_the_folder_and_folders_in_it_are_refused(tmp_path: Path) -> None:
    (tmp_path / "style.css").symlink_to("/etc/passwd")
    (tmp_path / "images").mkdir()
    (tmp_path / ".git").mkdir()
    assert [each.file for each in designs.read_folder(tmp_path)[1]] == ["images", "style.css", None]


@pytest.mark.parametrize("kind", designs.KINDS)
def test_the_built_in_templates_do(pool: Pool, kind: str) -> None:
    assert pool.examine({"style.css": b"p { color: red }"}, kind) == []
