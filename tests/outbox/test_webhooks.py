"""Events arrive: signed, in order, once, again after failures; and nobody waits for somebody else."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from email.utils import formatdate
from typing import Any

import pytest
import standardwebhooks
import stripe
from click.testing import CliRunner
from sqlalchemy import event

from portal import clock
from portal.commands import events, webhooks
from portal.outbox import alerts, deliveries, delivery_results, queue
from portal.outbox import webhooks as dispatching
from portal.outbox.webhook_client import ReceiverResponse
from portal.rules import webhooks as webhook_rules
from tests.outbox.conftest import Hooks
from tests.outbox.receiving import OK, Answer, Receiver, Request, receiving

DOWN: Answer = (500, {}, b"down")


def test_the_official_client_and_standard_webhooks_accept_an_event(hooks: Hooks, receiver: Receiver) -> None:
    secret = hooks.endpoint(receiver)["secret"]
    customer = hooks.make.customer()
    hooks.work()
    (request,) = receiver.requests
    sent = stripe.Webhook.construct_event(request.body, request.headers["Stripe-Signature"], secret)
    assert (sent.type, sent.data.object.id) == ("customer.created", customer.id)
    assert standardwebhooks.Webhook(secret).verify(request.body, request.headers)["id"] == sent.id
    assert request.headers["webhook-id"] == sent.id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(request.body + b" ", request.headers["Stripe-Signature"], secret)


def test_while_a_secret_is_rolled_both_verify(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.endpoint(receiver)
    now = clock.now()
    rolled = hooks.api.post(f"webhook_endpoints/{made['id']}/roll_secret", expires_at=now + 60)
    hooks.make.customer()
    hooks.work()
    hooks.make.customer()
    hooks.work(now + 61)
    during, after = receiver.requests
    for secret in (made["secret"], rolled["secret"]):
        stripe.Webhook.construct_event(during.body, during.headers["Stripe-Signature"], secret)
        standardwebhooks.Webhook(secret).verify(during.body, during.headers)
    assert after.headers["Stripe-Signature"].count("v1=") == 1


def test_what_arrived_is_told(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answer = lambda request: (202, {}, b"x\0" + b"y" * 2000)
    made = hooks.endpoint(receiver, api_version="2022-11-15")
    hooks.make.customer()
    hooks.work()
    (told,) = hooks.deliveries(made)
    assert (told["status"], told["response_status"], told["tries"]) == ("succeeded", 202, 1)
    assert told["response_body"] == "x" + "y" * 1022
    assert told["duration"] >= 0
    assert receiver.requests[0].event["api_version"] == "2022-11-15"
    assert hooks.api.get("events", delivery_success=False)["data"] == []


def test_a_failure_is_tried_ten_times_over_75_hours(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answer = lambda request: DOWN
    made = hooks.endpoint(receiver)
    hooks.make.customer()
    start = now = clock.now()
    for number in range(1, webhook_rules.TRIES + 1):
        hooks.work(now)
        (told,) = hooks.deliveries(made)
        assert told["tries"] == len(receiver.requests) == number
        if number < webhook_rules.TRIES:
            wait = told["next_try_at"] - now
            assert (
                abs(wait - webhook_rules.PAUSES[number - 1])
                <= webhook_rules.PAUSES[number - 1] * webhook_rules.JITTER + 1
            )
            hooks.work(told["next_try_at"] - 1)
            now = told["next_try_at"]
    assert (told["status"], told["next_try_at"]) == ("failed", None)
    assert 65 < (now - start) / clock.HOUR < 85
    assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1
    assert [each["id"] for each in hooks.api.get("events", delivery_success=False)["data"]] == [told["event"]]


def test_one_customers_events_wait_for_each_other_and_for_nobody_else(hooks: Hooks, receiver: Receiver) -> None:
    hooks.endpoint(receiver)
    stuck, free = hooks.make.customer(), hooks.make.customer()
    receiver.answer = lambda request: DOWN if request.event["data"]["object"]["id"] == stuck.id else OK
    for number in range(3):
        for each in (stuck, free):
            hooks.api.post(f"customers/{each.id}", metadata={"n": number})
    hooks.work()
    assert named(receiver, stuck.id) == [None]
    assert named(receiver, free.id) == [None, "0", "1", "2"]
    receiver.answer = lambda request: OK
    hooks.work(clock.now() + 60)
    assert named(receiver, stuck.id) == [None, None, "0", "1", "2"]


def test_who_waits_behind_a_failure_is_not_tried_and_not_put_off(hooks: Hooks, receiver: Receiver) -> None:
    customers = 2 * dispatching.RECEIVER_SLOTS
    made = hooks.endpoint(receiver)
    for _ in range(customers):
        hooks.make.customer()
    now = clock.now()
    receiver.answer = lambda request: (503, {"Retry-After": "600"}, b"")
    hooks.work(now)
    tries = [each["tries"] for each in hooks.deliveries(made)]
    assert (tries.count(1), tries.count(0)) == (dispatching.RECEIVER_SLOTS, customers - dispatching.RECEIVER_SLOTS)
    receiver.answer = lambda request: OK
    hooks.work(now + 600)
    assert {each["status"] for each in hooks.deliveries(made)} == {"succeeded"}


def test_many_queues_are_claimed_by_as_many_statements_as_one(hooks: Hooks, receiver: Receiver) -> None:
    hooks.endpoint(receiver)
    for _ in range(33):
        hooks.make.customer()
    database, statements = hooks.services.database, []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    def claim(most: int) -> tuple[int, int]:
        del statements[:]
        with database.writing() as db:
            (found,) = deliveries.list_due_receivers(db, now=clock.now())
            runs = deliveries.claim_runs(db, found, most, hooks.services.links, now=clock.now())
        return len(runs), len(statements)

    event.listen(database.writer, "before_cursor_execute", note)
    (one, few), (many, more) = claim(1), claim(32)
    assert (one, many) == (1, 32)
    assert few == more


def test_a_queue_is_sent_in_order_however_long_it_is(hooks: Hooks, receiver: Receiver) -> None:
    hooks.endpoint(receiver)
    customers = [hooks.make.customer().id for _ in range(3)]
    for number in range(2 * deliveries.BATCH_SIZE + 1):
        for each in customers[: 1 + number % 3]:
            hooks.api.post(f"customers/{each}", metadata={"n": number})
    hooks.work()
    numbers = [str(each) for each in range(2 * deliveries.BATCH_SIZE + 1)]
    assert [named(receiver, each) for each in customers] == [
        [None, *numbers],
        [None, *(each for each in numbers if int(each) % 3 >= 1)],
        [None, *(each for each in numbers if int(each) % 3 == 2)],
    ]


def test_with_the_end_of_an_outage_all_that_waits_is_sent(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answer = lambda request: DOWN
    made = hooks.endpoint(receiver)
    for _ in range(5):
        hooks.make.customer()
    now = clock.now()
    for _ in range(4):
        hooks.work(now)
        now = max(each["next_try_at"] for each in hooks.deliveries(made))
    assert hooks.row(made).failing_since is not None
    receiver.answer = lambda request: OK
    hooks.work(min(each["next_try_at"] for each in hooks.deliveries(made)))
    assert {each["status"] for each in hooks.deliveries(made)} == {"succeeded"}
    assert hooks.row(made).failing_since is None


@pytest.mark.parametrize("as_date", [False, True])
def test_a_receiver_says_when_to_come_again(hooks: Hooks, receiver: Receiver, as_date: bool) -> None:
    made = hooks.endpoint(receiver)
    hooks.make.customer()
    now = clock.now()
    value = formatdate(now + 600, usegmt=True) if as_date else "600"
    receiver.answer = lambda request: (429, {"Retry-After": value}, b"")
    hooks.work(now)
    assert hooks.deliveries(made)[0]["next_try_at"] == now + 600
    hooks.make.customer()
    hooks.work(now + 599)
    assert len(receiver.requests) == 1
    hooks.work(now + 600)
    assert len(receiver.requests) == 3


def test_gone_is_gone_until_it_is_enabled_again(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answer = lambda request: (410, {}, b"")
    made = hooks.endpoint(receiver)
    hooks.make.customer()
    hooks.work()
    path = f"webhook_endpoints/{made['id']}"
    assert [hooks.api.get(path)[key] for key in ("status", "disabled_reason")] == ["disabled", "gone"]
    hooks.make.customer()
    hooks.work(clock.now() + clock.HOUR)
    assert len(receiver.requests) == 1
    assert queue.send_ordinary(hooks.services, clock.now()) == 1
    receiver.answer = lambda request: OK
    hooks.api.post(path, disabled=False)
    hooks.work(clock.now() + clock.HOUR)
    assert len(receiver.requests) == 2


def test_redirects_are_not_followed(hooks: Hooks, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.answer = lambda request: (307, {"Location": elsewhere.url}, b"")
        made = hooks.endpoint(receiver)
        hooks.make.customer()
        hooks.work()
        assert elsewhere.requests == []
    assert "redirects" in hooks.deliveries(made)[0]["failure"]


def test_an_event_is_sent_once_more_on_request(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.endpoint(receiver)
    hooks.make.customer()
    hooks.work()
    event = receiver.requests[0].event["id"]
    assert hooks.api.post(f"events/{event}/retry", webhook_endpoint=made["id"])["pending_webhooks"] == 1
    hooks.work()
    hooks.api.post(f"webhook_endpoints/{made['id']}/replay")
    hooks.work()
    # the account itself was made before, which the range holds as well
    ids = [each.headers["webhook-id"] for each in receiver.requests]
    assert ids.count(event) == 3
    assert hooks.api.get("events", delivery_success=False)["data"] == []


def test_a_worker_that_died_leaves_its_events_to_another(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.endpoint(receiver)
    hooks.make.customer()
    now = clock.now()
    database, links = hooks.services.database, hooks.services.links

    def claimed(at: int) -> list[deliveries.DeliveryRun]:
        with database.writing() as db:
            return [
                run
                for each in deliveries.list_due_receivers(db, now=at)
                for run in deliveries.claim_runs(db, each, 8, links, now=at)
            ]

    first = claimed(now)
    assert (len(first), claimed(now + deliveries.LEASE.seconds - 1)) == (1, [])
    hooks.work(now + deliveries.LEASE.seconds)
    attempt = delivery_results.DeliveryAttempt(first[0].shipments[0], ReceiverResponse(1), now)
    late = delivery_results.RunResult(first[0], (attempt,))
    with database.writing() as db:
        assert delivery_results.record_results(db, [late], now=now + deliveries.LEASE.seconds) == []
    assert [each["status"] for each in hooks.deliveries(made)] == ["succeeded"]


def test_one_that_hangs_keeps_nobody_waiting(hooks: Hooks) -> None:
    with ExitStack() as stack:
        hanging, *others = [stack.enter_context(receiving()) for _ in range(5)]
        hanging.hang.clear()
        for each in (hanging, *others):
            hooks.endpoint(each)
        for _ in range(3):
            hooks.make.customer()
        worker = threading.Thread(target=hooks.work)
        worker.start()
        arrived = threading.Event()
        while not all(len(each.requests) == 3 for each in others):
            assert not arrived.wait(0.02)
            assert worker.is_alive()
        assert not hanging.hang.is_set()
        hanging.hang.set()
        worker.join()


def named(receiver: Receiver, customer_id: str) -> list[Any]:
    """What arrived of one customer, by the number in its metadata."""

    def of(request: Request) -> Any:
        return request.event["data"]["object"]

    return [of(each)["metadata"].get("n") for each in receiver.requests if of(each)["id"] == customer_id]


def test_the_merchant_is_told_once_for_each_outage(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answer = lambda request: DOWN
    hooks.endpoint(receiver)
    hooks.make.customer()
    hooks.work()
    begun = clock.now()
    assert alerts.work(hooks.services, begun + clock.DAY - 60) == 0
    assert [alerts.work(hooks.services, begun + clock.DAY + extra) for extra in (0, 60)] == [1, 0]
    while queue.send_ordinary(hooks.services, begun + clock.DAY):
        pass
    (mail,) = (hooks.services.settings.instance / "mail").glob("*webhook_failing*")
    words = mail.read_text()
    assert "To: ops@rides.example" in words
    assert "HTTP 500" in words
    assert receiver.url in words


def test_the_command_lists_rolls_and_resends(hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in hooks.environment.items():
        monkeypatch.setenv(name, value)
    account = ["--account", hooks.make.scope.account_id]

    def run(*arguments: str) -> str:
        group = {"webhooks": webhooks.webhooks, "events": events.events}[arguments[0]]
        done = CliRunner().invoke(group, [*arguments[1:], *account], obj=lambda: hooks.services.database)
        assert done.exit_code == 0, done.output
        return done.output.strip()

    made = hooks.endpoint(receiver, "customer.created")
    hooks.make.customer()
    hooks.work()
    assert "0 pending, 0 failed, 1 succeeded" in run("webhooks", "list")
    secret = run("webhooks", "roll", made["id"])
    event = receiver.requests[0].event["id"]
    assert run("events", "resend", event) == "1 will be sent once more."
    assert run("events", "resend", "--endpoint", made["id"], "--since", "2020-01-01") == "1 will be sent once more."
    assert run("events", "resend", "--endpoint", made["id"], "--since", "2020-01-01", "--failed")[0] == "1"
    hooks.work()
    first, again = receiver.requests
    assert first.event["id"] == again.event["id"]
    stripe.Webhook.construct_event(again.body, again.headers["Stripe-Signature"], secret)
