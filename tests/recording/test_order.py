"""Under many writers the numbers of events are those of the commits, without a gap or a twin."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from portal.models import Event
from tests.clients import Api

WRITERS = 50


def test_order_holds_under_50_writers(app, merchant, make, told):
    customers = [make.customer() for _ in range(5)]
    first = len(told())

    def write(index):
        answer = Api(app.test_client(), merchant.test_key).request(
            "POST", f"customers/{customers[index % 5].id}", metadata={"by": index}
        )
        return answer.status_code

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = list(pool.map(write, range(WRITERS)))
    events = told(first)
    assert len(events) == statuses.count(200) > 0
    assert [event.sequence for event in events] == list(range(events[0].sequence, events[0].sequence + len(events)))
    for customer in customers:
        own = [event for event in events if event.object_id == customer.id]
        for earlier, later in itertools.pairwise(own):
            assert later.previous_attributes["metadata"] == {"by": earlier.data["metadata"]["by"]}


def test_a_reader_never_sees_a_later_number_first(database, scope, make):
    seen, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            with database.reading(scope) as db:
                seen.append(db.scalars(select(Event.sequence).order_by(Event.sequence)).all())

    with ThreadPoolExecutor(9) as pool:
        watching = pool.submit(watch)
        list(pool.map(lambda index: make.customer(name=str(index)), range(40)))
        stop.set()
        watching.result()
    for earlier, later in itertools.pairwise(seen):
        assert later[: len(earlier)] == earlier
