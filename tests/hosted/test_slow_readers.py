"""Large answers on the real server: whoever takes them slowly holds up nobody else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from portal import clock, zones
from portal.db import Scope
from portal.documents.store import open_store
from portal.hosted import downloads
from portal.models import StoredDocument
from tests.live import PATIENCE, Live

#: More than the server has threads.
READERS = 6
#: More than it takes ahead of a reader.
DOCUMENTS = 15


@dataclass(frozen=True)
class Year:
    """A customer at a live portal, whose documents of this year make a long file."""

    live: Live
    home: str
    cookie: str

    def taken(self, method: str = "GET") -> HTTPResponse:
        """The answer of the file, of which only the beginning is read."""
        return _get(
            self.live, f"{self.home}downloads/{zones.day_of(clock.now(), zones.DEFAULT).year}.zip", self.cookie, method
        )


@pytest.fixture
def year(live: Live) -> Year:
    """A year of documents that are each a piece of the file."""
    make = live.shop().make
    customer = make.customer()
    first = _get(live, make.portal_link(customer, make.configuration()))
    link = _get(live, first.headers["Location"], first.headers["Set-Cookie"].split(";")[0])
    home, cookie = link.headers["Location"], link.headers["Set-Cookie"].split(";")[0]
    for invoice in [make.invoice(customer) for _ in range(DOCUMENTS)]:
        _get(live, f"{home}invoices/{invoice.id}/pdf", cookie).read()
        with _place_of(live, make.scope, invoice.id).open("ab") as pdf:
            pdf.truncate(downloads.CHUNK_BYTES)
    return Year(live, home, cookie)


def test_slow_readers_of_a_year_hold_up_nobody(year: Year) -> None:
    slow = [year.taken() for _ in range(READERS)]
    assert b"Your billing" in _get(year.live, year.home, year.cookie).read()
    sent = [each for each in slow if each.status == 200]
    assert {each.status for each in slow} == {200, 303}
    assert {len(each.read()) for each in sent} == {int(sent[0].headers["Content-Length"])}


def test_who_goes_away_makes_room_for_others(year: Year) -> None:
    for method in ("HEAD", "GET") * READERS:
        year.taken(method).close()
    give_up = time.monotonic() + PATIENCE
    while (answer := year.taken()).status != 200:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert len(answer.read()) > DOCUMENTS * downloads.CHUNK_BYTES


def _get(live: Live, path: str, cookie: str = "", method: str = "GET") -> HTTPResponse:
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=10)
    connection.request(method, path, headers={"Cookie": cookie, "Connection": "close"})
    return connection.getresponse()


def _place_of(live: Live, scope: Scope, id: str) -> Path:
    with live.database.reading(scope) as db:
        fingerprint = db.scalars(select(StoredDocument.fingerprint).where(StoredDocument.id == id)).one()
    return Path(open_store(live.settings.documents_url).path(fingerprint))
