"""Two clicks on one button: both requests have begun before either of them may write."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from werkzeug.test import TestResponse

from portal.db import lock_row
from portal.hosted.visit_cookies import cookie_name
from portal.models import Customer
from tests.clients import Portal
from tests.factories import Factories

#: Seconds in which a request gets as far as to the lock.
ON_THEIR_WAY = 0.7


def click_twice(
    make: Factories, customer: Customer, visit: Portal, path: str, *, given_token: str | None = None, **fields: Any
) -> list[TestResponse]:
    """The answers to two posts of the same form, with the token of the home page unless another is given."""
    fields["csrf_token"] = given_token or visit.token()
    with ThreadPoolExecutor(2) as pool:
        with make.database.writing(make.scope) as db:
            lock_row(db, Customer, customer.id, noun="customer")
            clicks = [pool.submit(twin(visit).post, path, token=False, **fields) for _ in range(2)]
            time.sleep(ON_THEIR_WAY)
        return [click.result() for click in clicks]


def twin(visit: Portal) -> Portal:
    """The same browser; a client of tests has one request at a time."""
    client, name = visit.client.application.test_client(), cookie_name(visit.session_id)
    cookie = visit.client.get_cookie(name, domain="localhost")
    assert cookie is not None
    client.set_cookie(name, cookie.value, domain="localhost", secure=True)
    return Portal(client, visit.session_id)
