"""The pool of rendering processes, and a reader for the PDFs that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.documents.pool import Pool


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))
