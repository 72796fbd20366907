"""Keyed requests: one effect, one answer, for a day."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.billing.events import idempotency
from portal.models import Customer, IdempotencyKey
from tests.clients import Api
from tests.failures import error_of


def _create(api, key, **sent):
    return api.request("POST", "customers", headers={"Idempotency-Key": key}, **sent)


def _customers(writing):
    with writing() as db:
        return db.scalar(select(func.count(Customer.id)))


def test_a_repeated_request_is_answered_with_the_same_bytes_and_has_no_effect(api, writing):
    first, second = (_create(api, "a", name="Jenny") for _ in range(2))
    assert second.get_data() == first.get_data()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"] != second.headers["Request-Id"]
    assert _customers(writing) == 1


def test_a_first_answer_is_not_marked_as_replayed(api):
    assert "Idempotent-Replayed" not in _create(api, "a", name="Jenny").headers


@pytest.mark.parametrize(
    ("path", "sent"),
    [("customers", {"name": "Other"}), ("customers", {}), ("customers?expand[]=tax_ids", {"name": "Jenny"})],
)
def test_another_request_with_the_same_key_is_refused(api, writing, path, sent):
    _create(api, "a", name="Jenny")
    error = error_of(api.request("POST", path, headers={"Idempotency-Key": "a"}, **sent))
    assert error["type"] == "idempotency_error"
    assert "'a'" in error["message"]
    assert _customers(writing) == 1


def test_another_path_with_the_same_key_is_refused(api):
    _create(api, "a", name="Jenny")
    answer = api.request("POST", "products", headers={"Idempotency-Key": "a"}, name="Jenny")
    assert error_of(answer)["type"] == "idempotency_error"


def test_a_key_is_forgotten_after_a_day(api, writing, held_clock):
    _create(api, "a", name="Jenny")
    with clock.hold_at(held_clock + clock.DAY):
        assert "Idempotent-Replayed" in _create(api, "a", name="Jenny").headers
    with clock.hold_at(held_clock + clock.DAY + 1):
        assert "Idempotent-Replayed" not in _create(api, "a", name="Another").headers
        assert _create(api, "a", name="Another").get_json()["name"] == "Another"
    assert _customers(writing) == 2


@pytest.mark.parametrize("sent", [{"email": "x"}, {"foo": 1}, {"invoice_prefix": "TAKEN1"}])
def test_a_failure_leaves_the_key_free(api, make, writing, sent):
    make.customer(invoice_prefix="TAKEN1")
    assert _create(api, "a", **sent).status_code == 400
    assert _create(api, "a", name="Jenny").status_code == 200
    assert _customers(writing) == 2


def test_keys_of_other_accounts_and_modes_are_others(app, api, merchant, writing):
    _create(api, "a", name="Jenny")
    live = Api(app.test_client(), merchant.live_key)
    assert _create(live, "a", name="Other").status_code == 200
    assert _customers(writing) == 1


def test_only_posts_are_kept(api):
    for method in ("GET", "DELETE"):
        api.request(method, "customers/cus_1", headers={"Idempotency-Key": "a"})
    assert "Idempotent-Replayed" not in _create(api, "a").headers


def test_a_request_without_a_key_is_not_kept(api, writing):
    api.post("customers", name="Jenny")
    api.post("customers", name="Jenny")
    assert _customers(writing) == 2


@pytest.mark.parametrize("key", ["x" * 256, "\u00a0", "a\tb", "\x85"])
def test_a_strange_key_is_refused(api, writing, key):
    error_of(_create(api, key, name="Jenny"))
    assert _customers(writing) == 0


@pytest.mark.parametrize("key", ["x" * 255, "\u00e4", "'; DROP TABLE customers", "%00"])
def test_any_printable_key_will_do(api, key):
    assert _create(api, key, name="Jenny").get_data() == _create(api, key, name="Jenny").get_data()


def test_parallel_twins_have_one_effect_and_one_answer(app, merchant, writing):
    def send(number):
        return _create(Api(app.test_client(), merchant.test_key), "a", name="Jenny").get_data()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(16)))
    assert len(answers) == 1
    assert _customers(writing) == 1


def test_of_parallel_claims_on_yesterdays_key_one_wins(app, merchant, api, writing, held_clock):
    _create(api, "a", name="Jenny")

    def send(number):
        return _create(Api(app.test_client(), merchant.test_key), "a", name="New").get_data()

    with clock.hold_at(held_clock + 2 * clock.DAY), ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, range(16)))) == 1
    assert _customers(writing) == 2


def test_old_keys_are_pruned(api, database, held_clock):
    _create(api, "a", name="Jenny")
    with database.writing() as db:
        idempotency.prune(db, now=held_clock + clock.DAY + 1)
        assert db.scalar(select(func.count(IdempotencyKey.key)).where(IdempotencyKey.created == held_clock)) == 0
