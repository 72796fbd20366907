"""Nobody can tell by its answer whether a login page knows an address: not by bytes, and not by time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from statistics import mean, median
from urllib.parse import urlencode

import pytest

from portal import clock
from portal.billing.configurations import configurations
from portal.models import Configuration
from tests.live import Live, Shop

REQUESTS = int(os.environ.get("LOOK_REQUESTS", 2000))
#: Below what a merchant may have in an hour, and what comes from one network.
OF_A_SHOP, OF_A_NETWORK = 500, 8
#: Addresses of a shop, as one address may have five codes an hour.
ADDRESSES = 125


@pytest.mark.torture
def test_known_and_unknown_addresses_can_not_be_told_apart(
    live_server: Live, record_property: Callable[[str, object], None]
) -> None:
    """Each in turn by chance; half of the times teach a classifier, which then guesses the other half."""
    told: list[tuple[bool, float]] = []
    shapes = set()
    for number in range(REQUESTS):
        if number % OF_A_SHOP == 0:
            page = _login_page(live_server.shop(), number)
        known = random.random() < 0.5
        address = f"{'known' if known else 'other'}-{number % ADDRESSES:04}@example.com"
        network = f"127.{1 + number // OF_A_NETWORK // 250}.{number // OF_A_NETWORK % 250}.1"
        seconds, shape = _asked(live_server, page, address, network)
        told.append((known, seconds))
        shapes.add(shape)
    assert len(shapes) == 1, shapes
    assert next(iter(shapes))[0] == 303
    half = REQUESTS // 2
    right = mean([_right(told[:half], told[half:]), _right(told[half:], told[:half])])
    record_property("of guesses right %", round(right * 100, 1))
    # of few requests chance alone may be right or wrong more often
    assert abs(right - 0.5) <= max(0.03, 1.3 / REQUESTS**0.5)


def _login_page(shop: Shop, number: int) -> str:
    """The path of a login page, of a merchant that knows every other address."""
    for each in range(ADDRESSES):
        shop.make.customer(email=f"known-{each:04}@example.com")
    row = shop.make.configuration()
    with shop.make.database.writing(shop.make.scope) as db:
        command = configurations.UpdateConfiguration(login_page={"enabled": True})  # type: ignore[arg-type]
        configurations.update(db, db.get_one(Configuration, (row.tenant_id, row.id)), command, now=clock.now())
        db.flush()
        return f"/p/login/{db.get_one(Configuration, (row.tenant_id, row.id)).login_token}"


def _asked(live: Live, page: str, address: str, network: str) -> tuple[float, tuple[object, ...]]:
    """How long the answer took, and all of it but what is drawn by lot each time."""
    host, port = live.url.removeprefix("http://").split(":")
    with closing(HTTPConnection(host, int(port), timeout=10, source_address=(network, 0))) as connection:
        connection.connect()
        began = time.perf_counter()
        connection.request(
            "POST", page, urlencode({"email": address}), {"Content-Type": "application/x-www-form-urlencoded"}
        )
        with connection.getresponse() as answer:
            body = answer.read()
            seconds = time.perf_counter() - began
            drawn = {"request-id", "set-cookie", "date"}
            headers = sorted(
                (name.lower(), len(value) if name.lower() in drawn else value) for name, value in answer.getheaders()
            )
            return seconds, (answer.status, body, tuple(map(str, headers)))


def _right(taught: list[tuple[bool, float]], asked: list[tuple[bool, float]]) -> float:
    """How often the best threshold of one half is right in the other."""
    middle = median(seconds for _, seconds in taught)
    slower = sum(known == (seconds > middle) for known, seconds in taught) * 2 > len(taught)
    return mean(known == ((seconds > middle) == slower) for known, seconds in asked)
