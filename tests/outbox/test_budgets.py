"""What the delivery of one event costs."""

from __future__ import annotations

from portal.outbox import webhooks
from tests import counting
from tests.outbox.conftest import Hooks
from tests.outbox.receiving import Receiver


def test_instructions_of_a_delivery(hooks: Hooks, receiver: Receiver) -> None:
    hooks.endpoint(receiver, "customer.created")
    with counting.counting_instructions() as counted:
        # within one count, as the threads that send keep to the one in which they began
        def deliver() -> int:
            hooks.make.customer()
            before = counted.count
            hooks.work()
            return counted.count - before

        least = counting.least(deliver)
        webhooks.stop(hooks.services)
    assert len(receiver.requests) == 2 * counting.TIMES
    counting.check_instructions("deliveries", hooks.services.database, {"webhook delivery": least})
