"""Subscriptions: the first status, the statuses that follow, and what unused time is worth."""

from __future__ import annotations

import pytest

from portal.rules import subscriptions


@pytest.mark.parametrize(
    ("trialing", "collection_method", "amount_due", "status"),
    [
        (True, "charge_automatically", 0, "trialing"),
        (True, "send_invoice", 500, "trialing"),
        (False, "charge_automatically", 500, "incomplete"),
        (False, "charge_automatically", 0, "active"),
        (False, "send_invoice", 500, "active"),
    ],
)
def test_first_status(trialing: bool, collection_method: str, amount_due: int, status: str) -> None:
    found = subscriptions.first_status(trialing=trialing, collection_method=collection_method, amount_due=amount_due)
    assert found == status


@pytest.mark.parametrize(
    ("status", "paid", "voided", "canceled"),
    [
        ("incomplete", "active", "incomplete_expired", "incomplete_expired"),
        ("past_due", "active", "active", "canceled"),
        ("unpaid", "active", "active", "canceled"),
        ("active", "active", "active", "canceled"),
        ("trialing", "trialing", "trialing", "canceled"),
    ],
)
def test_what_follows(status: str, paid: str, voided: str, canceled: str) -> None:
    assert subscriptions.status_when_paid(status) == paid
    assert subscriptions.status_when_voided(status) == voided
    assert subscriptions.status_when_canceled(status) == canceled


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_what_has_ended_stays_so(status: str) -> None:
    assert subscriptions.status_when_paid(status) == subscriptions.status_when_voided(status) == status
    assert not subscriptions.may_cancel(status)
    assert not subscriptions.may_resume(status=status, cancel_at=200, now=100)


def test_a_coming_end_can_be_taken_back_until_it_comes() -> None:
    assert subscriptions.may_resume(status="active", cancel_at=101, now=100)
    assert not subscriptions.may_resume(status="active", cancel_at=100, now=100)
    assert not subscriptions.may_resume(status="active", cancel_at=None, now=100)


@pytest.mark.parametrize(
    ("status", "prorated", "paid_ahead"),
    [("active", True, True), ("past_due", True, True), ("incomplete", True, False), ("trialing", False, False)],
)
def test_what_a_rest_is_worth(status: str, prorated: bool, paid_ahead: bool) -> None:
    assert subscriptions.is_prorated(status) is prorated
    assert subscriptions.is_paid_ahead(status) is paid_ahead


def test_lists_leave_out_only_what_was_canceled() -> None:
    left_out = subscriptions.STATUSES - subscriptions.LISTED_BY_DEFAULT
    assert left_out == {"canceled"}
