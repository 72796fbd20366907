"""`automatically_finalizes_at`: when a draft is finalized without a call."""

import pytest

from portal import clock
from tests.conftest import NOON
from tests.passing import pass_time

pytestmark = pytest.mark.usefixtures("held_clock")


def test_a_draft_is_finalized_when_it_was_asked_for(api, drafted):
    invoice = drafted(1000, automatically_finalizes_at=NOON + clock.DAY)
    assert (invoice["auto_advance"], invoice["automatically_finalizes_at"]) == (True, NOON + clock.DAY)
    moved = api.post(f"invoices/{invoice['id']}", automatically_finalizes_at=NOON + 2 * clock.DAY)
    assert moved["automatically_finalizes_at"] == NOON + 2 * clock.DAY


def test_the_worker_does_it_then(api, make, drafted):
    invoice = drafted(1000, automatically_finalizes_at=NOON + 3 * clock.DAY)["id"]
    pass_time(make, NOON + 2 * clock.DAY)
    assert api.get(f"invoices/{invoice}")["status"] == "draft"
    pass_time(make, NOON + 3 * clock.DAY)
    assert api.get(f"invoices/{invoice}")["status"] == "open"


@pytest.mark.parametrize(
    "sent",
    [
        {"automatically_finalizes_at": NOON},
        {"automatically_finalizes_at": NOON + 6 * 366 * clock.DAY},
        {"automatically_finalizes_at": NOON + 60, "auto_advance": False},
    ],
)
def test_an_impossible_time_is_refused(api, customer, sent):
    assert api.error("POST", "invoices", customer=customer, **sent)["param"] == "automatically_finalizes_at"
    assert api.get("invoices")["data"] == []
