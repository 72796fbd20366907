"""Documents in one ZIP: names that every system takes, and the same bytes for the same documents."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest

from portal.documents.bundle import names, zipped

DAY = date(2026, 3, 1)


def test_names_and_days_come_as_they_went_in() -> None:
    files = [("فاتورة 1.pdf", DAY, b"one"), ("Invoice 2.pdf", date(1965, 3, 1), b"")]
    bundle = ZipFile(BytesIO(zipped(files)))
    assert [(info.filename, info.date_time[:3]) for info in bundle.infolist()] == [
        ("فاتورة 1.pdf", (2026, 3, 1)),
        ("Invoice 2.pdf", (1980, 3, 1)),
    ]
    assert bundle.read("فاتورة 1.pdf") == b"one"
    assert bundle.infolist()[0].flag_bits & 0x800  # names are UTF-8


def test_each_file_says_its_size_before_it_comes() -> None:
    """Readers of streams need it, as nothing is compressed."""
    assert [info.flag_bits & 0x08 for info in ZipFile(BytesIO(zipped([("a.pdf", DAY, b"%PDF")]))).infolist()] == [0]


def test_no_documents_are_an_empty_bundle() -> None:
    assert ZipFile(BytesIO(zipped([]))).namelist() == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Invoice 2026/0001", "Invoice 2026-0001.pdf"),
        ("Invoice ../../etc/passwd", "Invoice ..-..-etc-passwd.pdf"),
        (r"Invoice C:\x", "Invoice C-x.pdf"),
        ("Invoice \u202e1000-gpj.exe\n", "Invoice -1000-gpj.exe-.pdf"),
        ("Rechnung ÄÖ-1", "Rechnung ÄÖ-1.pdf"),
        ("فاتورة 1", "فاتورة 1.pdf"),
        ("Invoice " + "9" * 300, "Invoice " + "9" * 48 + ".pdf"),
    ],
)
def test_a_name_is_one_that_every_system_takes(title: str, name: str) -> None:
    assert names([title]) == [name]


def test_no_two_files_have_one_name() -> None:
    assert names(["A/1", "a:1", "A-1 (2)", "A|1"]) == ["A-1.pdf", "a-1 (2).pdf", "A-1 (2) (2).pdf", "A-1 (3).pdf"]
