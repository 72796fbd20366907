"""What a configuration allows: only what is enabled, and of the details only those named."""

import pytest

from portal.billing.configurations.features import Feedback, UpdatableDetail
from portal.rules import permissions
from portal.rules.portal_features import disabled_features
from portal.wire.commands import literal_values

DETAILS = literal_values(UpdatableDetail)


def _features(name, **values):
    features = disabled_features()
    features[name] |= values
    return features


@pytest.mark.parametrize("detail", DETAILS)
def test_a_new_configuration_allows_nothing(detail):
    features = disabled_features()
    assert not permissions.may_see_invoices(features)
    assert not permissions.may_cancel(features)
    assert not permissions.may_update(features, detail)
    assert permissions.cancellation_reasons(features) == []


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
    reasons = list(reversed(literal_values(Feedback)))
    chosen = {"enabled": True, "options": reasons, "feedback_options": []}
    assert permissions.cancellation_reasons(_features("subscription_cancel", cancellation_reason=chosen)) == reasons


def test_no_reason_is_asked_for_where_that_is_off():
    chosen = {"enabled": False, "options": ["other"], "feedback_options": []}
    assert permissions.cancellation_reasons(_features("subscription_cancel", cancellation_reason=chosen)) == []


def _updating(**values):
    return _features("subscription_update", **{"enabled": True, "default_allowed_updates": ["price"], **values})


@pytest.mark.parametrize(
    ("features", "change", "switch", "redeem"),
    [
        (disabled_features(), False, False, False),
        (_updating(), True, True, False),
        (_updating(enabled=False), False, False, False),
        (_updating(default_allowed_updates=[]), False, False, False),
        (_updating(default_allowed_updates=["quantity", "promotion_code"]), True, False, True),
    ],
)
def test_a_plan_changes_in_the_ways_that_are_allowed(features, change, switch, redeem):
    assert permissions.may_change(features) is change
    assert permissions.may_switch(features) is switch
    assert permissions.may_redeem(features) is redeem


def test_a_quantity_changes_within_its_products_limits():
    limits = {"enabled": True, "minimum": 0, "maximum": 5}
    products = [
        {"product": "prod_a", "prices": [], "adjustable_quantity": limits},
        {"product": "prod_b", "prices": [], "adjustable_quantity": {**limits, "enabled": False}},
    ]
    features = _updating(products=products)
    assert permissions.allowed_quantities(features, "prod_b") is None
    assert permissions.allowed_quantities(features, "prod_unlisted") is None
    found = permissions.allowed_quantities(features, "prod_a")
    assert [number for number in range(8) if found.allows_quantity(number)] == [1, 2, 3, 4, 5]
