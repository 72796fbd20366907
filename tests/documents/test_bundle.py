"""Documents in one ZIP: names that every system takes, and the same bytes for the same documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest

from portal.documents.bundle import file_names, zip_pieces, zip_size

DAY = date(2026, 3, 1)


def opened(files: list[tuple[str, date, bytes]], piece: int = 1000) -> ZipFile:
    return ZipFile(BytesIO(b"".join(zip_pieces(files, piece))))


def test_names_and_days_come_as_they_went_in() -> None:
    files = [("فاتورة 1.pdf", DAY, b"one"), ("Invoice 2.pdf", date(1965, 3, 1), b"")]
    bundle = opened(files)
    assert [(info.filename, info.date_time[:3]) for info in bundle.infolist()] == [
        ("فاتورة 1.pdf", (2026, 3, 1)),
        ("Invoice 2.pdf", (1980, 3, 1)),
    ]
    assert bundle.read("فاتورة 1.pdf") == b"one"
    assert bundle.infolist()[0].flag_bits & 0x800  # names are UTF-8


def test_each_file_says_its_size_before_it_comes() -> None:
    """Readers of streams need it, as nothing is compressed."""
    assert [info.flag_bits & 0x08 for info in opened([("a.pdf", DAY, b"%PDF")]).infolist()] == [0]


@pytest.mark.parametrize("piece", [1, 700, 5000])
def test_pieces_make_the_same_whole(piece: int) -> None:
    files = [(f"Rechnung ä{number}.pdf", DAY, bytes([number]) * 300 * number) for number in range(9)]
    pieces = list(zip_pieces(files, piece))
    assert b"".join(pieces) == b"".join(zip_pieces(files, 10**6))
    assert all(len(each) >= piece for each in pieces[:-1])
    assert max(map(len, pieces)) < piece + 3000
    assert sum(map(len, pieces)) == zip_size([name for name, _, _ in files], [len(content) for _, _, content in files])
    assert opened(files, piece).testzip() is None


def test_nothing_is_read_before_it_is_needed() -> None:
    read = []

    def files() -> Iterator[tuple[str, date, bytes]]:
        for number in range(5):
            read.append(number)
            yield f"{number}.pdf", DAY, b"x" * 10

    next(zip_pieces(files(), 1))
    assert read == [0]


def test_of_what_is_too_large_for_plain_headers_the_size_is_not_told() -> None:
    assert zip_size(["a"], [2**31]) is None
    assert zip_size(["a"] * 2**16, [0] * 2**16) is None


def test_no_documents_are_an_empty_bundle() -> None:
    assert opened([]).namelist() == []


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
    assert file_names([title]) == [name]


def test_no_two_files_have_one_name() -> None:
    assert file_names(["A/1", "a:1", "A-1 (2)", "A|1"]) == ["A-1.pdf", "a-1 (2).pdf", "A-1 (2) (2).pdf", "A-1 (3).pdf"]
