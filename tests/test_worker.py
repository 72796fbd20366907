"""Workers that are doubled, killed and late take each step once, dated to its own moment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, insert, select

from portal import clock, create_app
from portal.assembly import Services, assemble_services
from portal.billing.accounts import accounts, new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.lifecycle import failed_steps, steps
from portal.db import Scope, lock_row
from portal.doctor import checks
from portal.doctor.check import Check
from portal.doctor.database import check_database
from portal.models import Customer, Event, FailedStep, Invoice, Mail, Subscription, SubscriptionItem, Worker
from portal.outbox import state
from portal.recording import notices
from portal.rules import periods
from portal.rules.steps import DRAFT_DURATION
from portal.settings import from_environment
from portal.worker import running
from portal.worker.lanes import Lane
from tests import databases
from tests.factories import Factories

TOP = Path(__file__).parent.parent
PATIENCE = 180.0
CUSTOMERS = 40
#: Every customer is so many months behind.
MONTHS = 3


@dataclass(frozen=True)
class Apart:
    """A portal with a database of its own, as workers go through all of it."""

    services: Services
    environment: dict[str, str]
    make: Factories

    def start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "portal.cli", "worker"]
        return subprocess.Popen(command, cwd=TOP, env={**os.environ, **self.environment})

    def seen(self) -> int:
        """How many workers have said that they are there, and so listen for their end."""
        with self.services.database.reading() as db:
            return db.scalar(select(func.count()).select_from(Worker)) or 0

    def due(self) -> int:
        with self.services.database.reading() as db:
            return len(steps.list_due(db, until=clock.now()))


@pytest.fixture
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Apart]:
    name = f"portal_worker_{os.getpid()}_{request.node.name.encode().hex()[:8]}"
    environment = databases.new_migrated(request.config, tmp_path, name)
    services = assemble_services(from_environment(environment))
    with services.database.writing() as db:
        new = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", None, "eur"), now=clock.now())
    scope = Scope(new.test.id, new.account.id, livemode=False)
    yield Apart(services, environment, Factories(services.database, scope))
    services.database.dispose()


def test_doubled_and_killed_workers_take_each_step_once(apart: Apart) -> None:
    start = periods.add(clock.now() - clock.DAY, "month", 1, -MONTHS)
    price = apart.make.price()
    for _ in range(CUSTOMERS):
        apart.make.subscription(apart.make.customer(), price, now=start)
    with _workers(apart, 2) as (first, _):
        _wait_until(lambda: 0 < _finalized(apart) < CUSTOMERS * MONTHS)
        first.kill()
        _wait_until(lambda: apart.due() == 0)
    with apart.services.database.reading(apart.make.scope) as db:
        invoices = db.scalars(select(Invoice).order_by(Invoice.customer_id, Invoice.created)).all()
        ends = set(db.scalars(select(Subscription.current_period_end)))
    moments = [periods.add(start, "month", 1, month) for month in range(MONTHS + 1)]
    assert Counter(each.created for each in invoices) == dict.fromkeys(moments, CUSTOMERS)
    assert {(each.finalized_at or 0) - each.created for each in invoices} == {DRAFT_DURATION}
    assert Counter(str(each.number)[-4:] for each in invoices) == {f"000{n}": CUSTOMERS for n in range(1, MONTHS + 2)}
    assert ends == {periods.add(start, "month", 1, MONTHS + 1)}


def test_a_step_that_fails_is_put_off_and_the_others_go_on(apart: Apart, caplog: pytest.LogCaptureFixture) -> None:
    now = clock.now()
    start = periods.add(now - clock.DAY, "month", 1, -1)
    broken, sound = (apart.make.subscription(now=start) for _ in range(2))
    with apart.services.database.writing(apart.make.scope) as db:
        # nothing in the portal leaves a subscription without any item
        db.execute(delete(SubscriptionItem).where(SubscriptionItem.subscription_id == broken.id))
    done = running.run_once(apart.services, now=now)
    assert done["renew"] >= 3
    assert f"a step of {broken.customer_id} failed" in caplog.text
    with apart.services.database.reading(apart.make.scope) as db:
        ends = dict(db.execute(select(Subscription.id, Subscription.current_period_end)).all())
        retried = db.scalar(select(Subscription.next_step_at).where(Subscription.id == broken.id))
    assert ends[sound.id] > now > ends[broken.id]
    assert retried == now + failed_steps.PAUSES[0]


def test_a_busy_database_is_told_in_a_line_and_waited_for(apart: Apart, caplog: pytest.LogCaptureFixture) -> None:
    customer, scope = apart.make.customer(), apart.make.scope

    def work(services: Services, now: int) -> int:
        with services.database.writing(scope) as db:
            lock_row(db, Customer, customer.id, noun="customer")
        return 1

    lane = Lane("busy", work, idle=1.0)
    with apart.services.database.writing(scope) as db:
        lock_row(db, Customer, customer.id, noun="customer")
        with ThreadPoolExecutor() as beside:
            assert beside.submit(running.take_step, lane, apart.services).result() == running.REST_AFTER_FAILURE
    assert ("the lane busy has to wait" in caplog.text, "Traceback" in caplog.text) == (True, False)
    assert running.take_step(lane, apart.services) == 0.0


def test_a_step_that_goes_on_failing_is_told_and_tried_with_growing_pauses(apart: Apart) -> None:
    now = clock.now()
    broken = apart.make.subscription(now=periods.add(now - clock.DAY, "month", 1, -1))
    own = SubscriptionItem.subscription_id == broken.id
    with apart.services.database.writing(apart.make.scope) as db:
        accounts.find_account(db, apart.make.scope.account_id).email = "merchant@example.com"
        lost = dict(
            db.execute(select(SubscriptionItem.__table__).where(own), execution_options={"every_tenant": True})
            .mappings()
            .one()
        )
        db.execute(delete(SubscriptionItem).where(own))
    running.run_once(apart.services, now=now)  # what can't be announced is passed over
    pauses, moment = [], now
    for _ in range(5):
        with clock.hold_at(moment):
            running.run_once(apart.services, now=moment)
        with apart.services.database.reading(apart.make.scope) as db:
            (failed,) = db.scalars(select(FailedStep)).all()
            moment = failed.next_try_at
        pauses.append(failed.next_try_at - failed.last_tried_at)
    assert pauses == list(failed_steps.PAUSES[:5])
    assert (failed.object_id, failed.tries, failed.resolved_at) == (broken.id, 5, None)
    words = f"{failed.verb} of {broken.id} ({broken.customer_id}) failed 5 times: {failed.failure}"
    found = check_database(apart.services.settings.database_url)
    assert [each.words for each in found if each.name == "failed step"] == [words]
    app = create_app(apart.services.settings)
    assert "billing: 1 steps failed" in _told(app.test_client(), "/health/ready")[1]
    app.extensions["portal"].database.dispose()
    with apart.services.database.writing(apart.make.scope) as db:
        db.execute(insert(SubscriptionItem.__table__).values(lost), execution_options={"every_tenant": True})  # type: ignore[arg-type]
    with clock.hold_at(moment):
        for _ in range(2):
            running.run_once(apart.services, now=moment)
    with apart.services.database.reading(apart.make.scope) as db:
        assert db.scalars(select(FailedStep.resolved_at)).all() == [moment]
        told = select(Event.type).where(Event.object_type == "billing.failed_step").order_by(Event.sequence)
        assert db.scalars(told).all() == ["billing.failed_step.created", "billing.failed_step.resolved"]
        assert db.scalars(select(Mail.status).where(Mail.name == "billing_failing")).all() == ["sent"]


def test_what_can_not_be_announced_is_billed_all_the_same(apart: Apart, caplog: pytest.LogCaptureFixture) -> None:
    now = clock.now()
    plan = apart.make.subscription(now=periods.add(now - clock.DAY, "month", 1, -1))
    with apart.services.database.writing(apart.make.scope) as db:
        # what is to come is read from the schedule; nothing in the portal leaves a subscription with one that is gone
        db.get_one(Subscription, (plan.tenant_id, plan.id)).schedule_id = "sub_sched_gone"
    for _ in range(3):
        running.run_once(apart.services, now=now)
    with apart.services.database.reading(apart.make.scope) as db:
        assert db.get_one(Subscription, (plan.tenant_id, plan.id)).current_period_end > now
    assert "sub_sched_gone" in caplog.text


def test_mirrored_accounts_are_left_alone(apart: Apart) -> None:
    apart.make.subscription(now=periods.add(clock.now() - clock.DAY, "month", 1, -1))
    assert apart.due() == 1
    assert "is `portal worker` running?" in _billing_words(apart)
    with apart.services.database.writing() as db:
        account = accounts.find_account(db, apart.make.scope.account_id)
        account.settings = {"billing": {"mode": "mirror"}}
    assert apart.due() == 0
    assert running.run_once(apart.services, now=clock.now())["renew"] == 0
    assert _billing_words(apart) == f"nothing is late; in mirror mode: {apart.make.scope.account_id}"


def test_a_worker_shows_that_it_is_there_and_ends_when_told(apart: Apart) -> None:
    app = create_app(apart.services.settings)
    client = app.test_client()
    assert _told(client, "/health/worker") == (503, "worker: not seen\n")
    with _workers(apart, 2) as running:
        _wait_until(lambda: apart.seen() == 2)
        assert _told(client, "/health/worker")[0] == 200
        assert "worker: seen " in _told(client, "/health/ready")[1]
        assert _check(apart, "worker").passed
    assert [each.returncode for each in running] == [0, 0]
    assert _told(client, "/health/ready") == (200, "ok\nworker: not seen\n")
    app.extensions["portal"].database.dispose()


def test_a_worker_that_was_killed_is_missed(apart: Apart) -> None:
    with apart.services.database.writing() as db:
        db.add(Worker(id="a", host="one", pid=1, started_at=0, seen_at=clock.now() - state.MISSING_AFTER - 1))
    check = _check(apart, "worker")
    assert (check.passed, "start `portal worker`" in check.words) == (False, True)


def test_mails_that_wait_for_long_are_told(apart: Apart) -> None:
    with apart.services.database.writing(apart.make.scope) as db, clock.hold_at(clock.now() - clock.HOUR):
        notices.enqueue_without_event(db, "invoice", "one", invoice="in_none")
    check = _check(apart, "mails")
    assert (check.passed, check.words[:5]) == (False, "1 due")


def _told(client: FlaskClient, path: str) -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, answer.text


def _check(apart: Apart, name: str) -> Check:
    (check,) = (each for each in checks.run_checks(apart.services.settings) if each.name == name)
    return check


def _billing_words(apart: Apart) -> str:
    return _check(apart, "billing").words


@contextmanager
def _workers(apart: Apart, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    running = [apart.start_worker() for _ in range(count)]
    try:
        yield running
    finally:
        for each in running:
            each.terminate()
            each.wait(timeout=PATIENCE)


def _finalized(apart: Apart) -> int:
    with apart.services.database.reading(apart.make.scope) as db:
        return len(db.scalars(select(Invoice.id).where(Invoice.finalized_at.is_not(None))).all())


def _wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)
