"""Keys: how they are sent, and that a wrong one opens nothing."""

import base64
import re
from types import SimpleNamespace

import pytest

from portal import clock
from portal.billing.accounts import keys
from portal.models import ApiKey
from tests.failures import error_of


def _basic(key, password=""):
    return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()


def _get(client, authorization, path="/v1/customers"):
    return client.get(path, headers={"Authorization": authorization} if authorization else {})


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "Bearer  {} ", "basic"])
def test_a_key_is_taken_as_bearer_and_as_the_user_of_basic(client, merchant, scheme):
    sent = _basic(merchant.test_key) if scheme == "basic" else scheme.format(merchant.test_key)
    assert _get(client, sent).status_code == 200


def test_a_password_beside_the_key_is_ignored(client, merchant):
    assert _get(client, _basic(merchant.test_key, "x")).status_code == 200


HEADERS = [
    "",
    "Bearer",
    "Bearer ",
    "Basic",
    "Basic !",
    "Basic gA==",
    "Basic Og==",
    "Digest x",
    "sk_test_x",
    "\x00",
    "Bearer \xff",
]


@pytest.mark.parametrize("header", HEADERS, ids=repr)
def test_a_missing_or_malformed_header_is_refused(client, header):
    answer = _get(client, header)
    assert answer.status_code == 401
    assert error_of(answer)["type"] == "invalid_request_error"


@pytest.mark.parametrize("change", [str.upper, lambda key: key + "0", lambda key: key[:-1], lambda key: key[::-1]])
def test_a_wrong_key_is_refused_and_hardly_repeated(client, merchant, change):
    key = change(merchant.test_key)
    answer = _get(client, f"Bearer {key}")
    assert answer.status_code == 401
    assert key not in error_of(answer)["message"]


def test_a_key_has_letters_and_digits_after_its_prefix(merchant):
    assert re.fullmatch("sk_test_[0-9A-Za-z]{51}", merchant.test_key)


def test_a_key_of_an_earlier_release_works_on(client, merchant, database):
    secret = f"{'A-_b' * 10}C-_"
    older = f"sk_test_{secret}{keys.secret_checksum(secret)}"
    with database.writing() as db:
        db.query(ApiKey).filter_by(tenant_id=merchant.test.id).update({"hash": keys.hash_secret(older)})
    assert _get(client, f"Bearer {older}").status_code == 200


def test_a_key_that_nobody_has_is_refused(client):
    assert _get(client, f"Bearer {keys.generate_secret(livemode=False)}").status_code == 401


def test_a_key_of_the_other_mode_by_its_prefix_alone_is_refused(client, merchant):
    assert _get(client, f"Bearer {merchant.test_key.replace('test', 'live')}").status_code == 401


def test_a_revoked_key_is_refused_from_the_next_request_on(client, merchant, database):
    authorization = f"Bearer {merchant.test_key}"
    assert _get(client, authorization).status_code == 200
    with database.writing() as db:
        row = next(row for row in db.query(ApiKey).filter_by(tenant_id=merchant.test.id))
        keys.revoke(db, row.id, now=clock.now())
    assert _get(client, authorization).status_code == 401


def test_a_rolled_key_works_until_the_overlap_ends(client, merchant, database, held_clock):
    with database.writing() as db:
        new = keys.roll(db, merchant.test, overlap=clock.HOUR, now=held_clock)
    assert _get(client, f"Bearer {new}").status_code == 200
    assert _get(client, f"Bearer {merchant.test_key}").status_code == 200
    with clock.hold_at(held_clock + clock.HOUR):
        assert _get(client, f"Bearer {merchant.test_key}").status_code == 401
        assert _get(client, f"Bearer {new}").status_code == 200


def test_the_mode_follows_the_key(client, merchant):
    live = client.post("/v1/products", data={"name": "x"}, headers={"Authorization": f"Bearer {merchant.live_key}"})
    assert live.get_json()["livemode"] is True


def test_only_the_hash_of_a_key_is_kept(database, merchant):
    with database.reading() as db:
        kept = [SimpleNamespace(**vars(row)) for row in db.query(ApiKey).filter_by(tenant_id=merchant.test.id)]
    assert merchant.test_key not in str(kept)


def test_use_of_a_key_is_noted_once_an_hour(client, merchant, database, held_clock, count_queries):
    _get(client, f"Bearer {merchant.test_key}")
    with count_queries() as statements:
        _get(client, f"Bearer {merchant.test_key}")
    assert not any(statement.startswith("UPDATE") for statement in statements)
    with database.reading() as db:
        assert {row.last_used_at for row in db.query(ApiKey).filter_by(tenant_id=merchant.test.id)} == {held_clock}


def test_cookies_and_query_strings_are_no_keys(client, merchant):
    client.set_cookie("session", merchant.test_key)
    assert client.get(f"/v1/customers?api_key={merchant.test_key}").status_code == 401


@pytest.mark.parametrize("header", ["Stripe-Account", "Stripe-Context"])
def test_a_call_meant_for_another_account_is_refused(api, merchant, header):
    answer = api.request("POST", "customers", headers={header: "acct_other"})
    assert answer.status_code == 403
    assert error_of(answer)["code"] == "account_invalid"
    assert api.get("customers")["data"] == []
    assert api.request("GET", "customers", headers={header: merchant.account.id}).status_code == 200
