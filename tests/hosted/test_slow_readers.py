"""Large answers on the real server: whoever takes them slowly holds up nobody else."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from portal import clock
from portal.db import Scope
from portal.documents.store import opened
from portal.hosted import downloads
from portal.models import StoredDocument
from tests.live import Live

#: More than the server has threads.
READERS = 6


def test_slow_readers_of_a_year_hold_up_nobody(live: Live) -> None:
    make = live.shop().make
    customer = make.customer()
    invoice = make.invoice(customer)
    link = _get(live, make.portal_link(customer, make.configuration()))
    link.read()
    home, cookie = link.headers["Location"], link.headers["Set-Cookie"].split(";")[0]
    year = f"{home}downloads/{clock.day(clock.now()).year}.zip"
    assert len(_get(live, year, cookie).read()) < downloads.LARGEST
    with _place_of(live, make.scope, invoice.id).open("ab") as pdf:
        pdf.truncate(downloads.LARGEST)
    slow = [_get(live, year, cookie) for _ in range(READERS)]
    assert b"Your billing" in _get(live, home, cookie).read()
    assert {len(each.read()) for each in slow} == {int(slow[0].headers["Content-Length"])}


def _get(live: Live, path: str, cookie: str = "") -> HTTPResponse:
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=10)
    connection.request("GET", path, headers={"Cookie": cookie, "Connection": "close"})
    return connection.getresponse()


def _place_of(live: Live, scope: Scope, id: str) -> Path:
    with live.database.reading(scope) as db:
        fingerprint = db.scalars(select(StoredDocument.fingerprint).where(StoredDocument.id == id)).one()
    return Path(opened(live.settings.documents_url).path(fingerprint))
