"""A change of address: its code, its limits, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.customer_portal import codes, session_secrets
from portal.billing.customers import email_changes, email_undo
from portal.billing.customers.email_changes import ConfirmEmailChange, RequestEmailChange
from portal.billing.customers.email_undo import KEPT_FOR
from portal.db import Scope
from portal.errors import StalePage
from portal.models import Customer, EmailChange, PortalSession
from tests.factories import Factories

KEY = "a secret key of the portal with enough characters"
NOW = 1795262400

Writing = Callable[[], Any]


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="old@example.com")


def requested(writing: Writing, customer: Customer, email: str = "new@example.com", *, now: int = NOW) -> EmailChange:
    with writing() as db:
        own = db.get_one(Customer, (customer.tenant_id, customer.id))
        change: EmailChange = email_changes.request(db, own, RequestEmailChange("bps_1", email, "a$b"), now=now)
    return change


def confirmed(writing: Writing, change: EmailChange, old: str | None, token: str, *, now: int = NOW) -> None:
    with writing() as db:
        command = ConfirmEmailChange(old, session_secrets.hash_secret(f"{token}-{change.customer_id}"))
        email_changes.confirm(db, change.id, command, now=now)


def email_of(writing: Writing, customer: Customer) -> str | None:
    with writing() as db:
        found: str | None = db.get(Customer, (customer.tenant_id, customer.id)).email
    return found


def attempt(writing: Writing, customer: Customer, session: str = "bps_1", *, now: int = NOW) -> EmailChange | None:
    with writing() as db:
        tried: EmailChange | None = email_changes.count_attempt(db, customer.id, session, now=now)
    return tried


def test_a_code_is_eight_digits_and_only_its_hash_is_kept() -> None:
    code = codes.new_code(KEY)
    assert len(code.digits) == 8
    assert code.digits.isdigit()
    assert code.digits not in code.hash
    assert code.digits not in repr(code)


def test_a_code_matches_with_its_digits_and_its_key_only() -> None:
    code = codes.new_code(KEY)
    other = f"{(int(code.digits) + 1) % 10**8:08}"
    assert codes.matches(code.hash, code.digits, KEY)
    assert not codes.matches(code.hash, other, KEY)
    assert not codes.matches(code.hash, code.digits, KEY + "!")


def test_five_tries_and_no_sixth(writing: Writing, customer: Customer) -> None:
    requested(writing, customer)
    tries = [attempt(writing, customer) for _ in range(6)]
    assert [tried and tried.tries for tried in tries] == [1, 2, 3, 4, 5, None]


def test_a_code_lives_ten_minutes(writing: Writing, customer: Customer) -> None:
    requested(writing, customer)
    assert attempt(writing, customer, now=NOW + 599)
    assert attempt(writing, customer, now=NOW + 600) is None


def test_a_code_is_for_the_visit_that_asked(writing: Writing, customer: Customer) -> None:
    requested(writing, customer)
    assert attempt(writing, customer, "bps_2") is None


def test_a_new_code_voids_the_old_one(writing: Writing, customer: Customer) -> None:
    requested(writing, customer)
    second = requested(writing, customer, "other@example.com", now=NOW + 5)
    tried = attempt(writing, customer, now=NOW + 6)
    assert tried is not None
    assert tried.id == second.id


def test_five_codes_an_hour_for_a_customer(writing: Writing, customer: Customer) -> None:
    for number in range(5):
        requested(writing, customer, f"new{number}@example.com", now=NOW + number)
    with pytest.raises(codes.TooManyCodes):
        requested(writing, customer, "new6@example.com", now=NOW + 3599)
    requested(writing, customer, "new6@example.com", now=NOW + 3600)


def test_five_codes_an_hour_for_an_address(make: Factories, writing: Writing) -> None:
    for number in range(5):
        requested(writing, make.customer(), "NEW@example.com" if number % 2 else "new@example.com")
    with pytest.raises(codes.TooManyCodes):
        requested(writing, make.customer(), "New@example.com")


def test_codes_of_another_merchant_do_not_count(writing: Writing, customer: Customer, database: Any) -> None:
    with database.writing() as db:
        other = new_accounts.create(db, CreateAccount("Other"), now=NOW)
    elsewhere = Factories(database, Scope(other.test.id, other.account.id, livemode=False))
    for _ in range(5):
        requested(lambda: database.writing(elsewhere.scope), elsewhere.customer())
    assert requested(writing, customer).tries == 0


def test_ten_codes_a_day(writing: Writing, customer: Customer) -> None:
    for number in range(10):
        requested(writing, customer, now=NOW + number * clock.HOUR)
    with pytest.raises(codes.TooManyCodes):
        requested(writing, customer, now=NOW + 11 * clock.HOUR)
    requested(writing, customer, now=NOW + clock.DAY)


def test_confirming_swaps_the_address_and_ends_other_visits(make: Factories, writing: Writing) -> None:
    customer = make.customer(email="old@example.com")
    make.portal_link(customer)
    confirmed(writing, requested(writing, customer), "old@example.com", "token")
    assert email_of(writing, customer) == "new@example.com"
    with writing() as db:
        (other,) = db.query(PortalSession).filter_by(customer_id=customer.id)
    assert other.ended_at == NOW


def test_a_change_is_confirmed_once(writing: Writing, customer: Customer) -> None:
    change = requested(writing, customer)
    confirmed(writing, change, "old@example.com", "token")
    with pytest.raises(StalePage):
        confirmed(writing, change, "new@example.com", "token")


def test_an_address_that_changed_meanwhile_is_not_overwritten(writing: Writing, customer: Customer) -> None:
    change = requested(writing, customer)
    with pytest.raises(StalePage):
        confirmed(writing, change, "someone.else@example.com", "token")
    assert email_of(writing, customer) == "old@example.com"


@pytest.mark.parametrize(("after", "good"), [(0, True), (72 * clock.HOUR - 1, True), (72 * clock.HOUR, False)])
def test_an_undo_link_lives_three_days(
    writing: Writing, customer: Customer, database: Any, after: int, good: bool
) -> None:
    confirmed(writing, requested(writing, customer), "old@example.com", "token")
    with database.reading() as db:
        found = email_undo.find_undoable(db, f"token-{customer.id}", now=NOW + after)
    assert (found is not None) is good


def test_undoing_brings_the_old_address_back_and_ends_every_visit(
    make: Factories, writing: Writing, customer: Customer
) -> None:
    change = requested(writing, customer)
    confirmed(writing, change, "old@example.com", "token")
    make.portal_link(customer)
    with writing() as db:
        email_undo.undo(db, change.id, now=NOW + 5)
        open_ones = db.query(PortalSession).filter_by(customer_id=customer.id, ended_at=None).all()
    assert email_of(writing, customer) == "old@example.com"
    assert open_ones == []


def test_undoing_takes_later_links_away(writing: Writing, customer: Customer, database: Any) -> None:
    first = requested(writing, customer)
    confirmed(writing, first, "old@example.com", "first")
    second = requested(writing, customer, "thief@example.com", now=NOW + 9)
    confirmed(writing, second, "new@example.com", "second", now=NOW + 9)
    with writing() as db:
        email_undo.undo(db, first.id, now=NOW + 10)
    with database.reading() as db:
        assert email_undo.find_undoable(db, f"second-{customer.id}", now=NOW + 11) is None
    assert email_of(writing, customer) == "old@example.com"


def test_a_change_is_undone_once(writing: Writing, customer: Customer) -> None:
    change = requested(writing, customer)
    confirmed(writing, change, "old@example.com", "token")
    with writing() as db:
        email_undo.undo(db, change.id, now=NOW)
    with pytest.raises(StalePage), writing() as db:
        email_undo.undo(db, change.id, now=NOW)


def test_old_changes_are_forgotten(writing: Writing, customer: Customer) -> None:
    change = requested(writing, customer)
    with writing() as db:
        email_undo.prune(db, now=NOW + KEPT_FOR)
        assert db.get(EmailChange, (change.tenant_id, change.id))
        email_undo.prune(db, now=NOW + KEPT_FOR + 1)
    with writing() as db:
        assert db.get(EmailChange, (change.tenant_id, change.id)) is None
