"""What a configuration allows: only what is enabled, and of the details only those named."""

import pytest

from portal.billing.features import Feedback, Updatable, all_off
from portal.rules import permissions
from portal.wire.params import options

DETAILS = options(Updatable)


def _features(name, **values):
    features = all_off()
    features[name] |= values
    return features


@pytest.mark.parametrize("detail", DETAILS)
def test_a_new_configuration_allows_nothing(detail):
    features = all_off()
    assert not permissions.may_see_invoices(features)
    assert not permissions.may_cancel(features)
    assert not permissions.may_update(features, detail)
    assert permissions.asks_for_reason(features) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_invoices_show_where_the_history_is_enabled(enabled):
    assert permissions.may_see_invoices(_features("invoice_history", enabled=enabled)) is enabled


@pytest.mark.parametrize("enabled", [True, False])
def test_subscriptions_are_canceled_where_that_is_enabled(enabled):
    assert permissions.may_cancel(_features("subscription_cancel", enabled=enabled)) is enabled


@pytest.mark.parametrize("named", DETAILS)
@pytest.mark.parametrize("asked", DETAILS)
def test_a_detail_is_edited_where_it_is_named(named, asked):
    features = _features("customer_update", enabled=True, allowed_updates=[named])
    assert permissions.may_update(features, asked) is (named == asked)


@pytest.mark.parametrize("detail", DETAILS)
def test_no_detail_is_edited_where_the_feature_is_off(detail):
    features = _features("customer_update", enabled=False, allowed_updates=list(DETAILS))
    assert not permissions.may_update(features, detail)


def test_reasons_are_asked_for_in_the_order_of_the_configuration():
    reasons = list(reversed(options(Feedback)))
    chosen = {"enabled": True, "options": reasons, "feedback_options": []}
    assert permissions.asks_for_reason(_features("subscription_cancel", cancellation_reason=chosen)) == reasons


def test_no_reason_is_asked_for_where_that_is_off():
    chosen = {"enabled": False, "options": ["other"], "feedback_options": []}
    assert permissions.asks_for_reason(_features("subscription_cancel", cancellation_reason=chosen)) == []
