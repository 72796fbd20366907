"""Portal configurations: every field of the newest form, and the calls of the older one."""

import pytest
import stripe

from portal import clock
from portal.billing.configurations.features import Feedback
from portal.models import PaymentMethodConfiguration
from portal.wire.commands import literal_values
from tests.clients import Api
from tests.contract import violations

PATH = "billing_portal/configurations"
PAUSE = {
    "duration": {"interval_options": [{"interval": "month", "interval_count": 1}], "type": "interval_options"},
    "enabled": False,
}
RULES = {
    "allowed_changes": [
        "decreasing_item_amount",
        "increasing_item_amount",
        "lengthening_interval",
        "shortening_interval",
    ],
    "commitment": None,
    "minimum_quantity": None,
}
DURATION = "features[subscription_pause][duration]"
RETENTION = {"days": 90, "enabled": False, "offers": []}
#: The features of a configuration of which only `features` was sent, in the reference's own defaults.
OFF = {
    "balance_payout": {"enabled": False},
    "contacts": {"enabled": False},
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_correction": {
        "countries": [],
        "days": 30,
        "enabled": False,
        "fields": ["name", "address", "tax_id", "purchase_order"],
        "tax_period": "quarter",
    },
    "invoice_history": {"enabled": False},
    "payment_calendar": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "quotes": {"enabled": False},
    "spending": {"enabled": False},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": [], "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
        "retention": RETENTION,
    },
    "subscription_create": {
        "allow_promotion_codes": False,
        "enabled": False,
        "products": [],
        "several": {"enabled": False, "same_product": False},
        "trial_period_days": None,
    },
    "subscription_pause": PAUSE,
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "proration_behavior": "none",
        "rules": RULES,
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
    "subscription_withdrawal": {"customers": "consumers", "days": 14, "enabled": False, "refund": "full"},
    "visits": {"enabled": False},
}
HISTORY = {"invoice_history": {"enabled": True}}


def _create(api, **features):
    return api.post(PATH, features=features or HISTORY)


@pytest.mark.parametrize("key", ["test_key", "live_key"])
def test_each_mode_has_a_default_from_the_start(app, merchant, key):
    api = Api(app.test_client(), getattr(merchant, key))
    (default,) = api.get(PATH, is_default=True)["data"]
    assert list(violations(default, stripe.billing_portal.Configuration)) == []
    assert (default["active"], default["is_default"], default["livemode"]) == (True, True, key == "live_key")
    assert set(default["features"]["customer_update"]["allowed_updates"]) == {
        "email",
        "tax_id",
        "address",
        "name",
        "phone",
    }
    enabled = {name for name, feature in default["features"].items() if feature["enabled"]}
    assert enabled == {"customer_update", "invoice_history", "subscription_cancel"}


def test_the_call_of_the_older_form_is_answered_with_every_documented_key(api, held_clock):
    urls = {"privacy_policy_url": "https://example.com/privacy", "terms_of_service_url": "https://example.com/terms"}
    update = {"allowed_updates": ["email", "tax_id"], "enabled": True}
    made = api.post(PATH, features={"customer_update": update, **HISTORY}, business_profile=urls)
    assert list(violations(made, stripe.billing_portal.Configuration)) == []
    assert made["features"] == {**OFF, "customer_update": update, **HISTORY}
    assert made["business_profile"] == {"headline": None, **urls}
    assert (made["active"], made["is_default"], made["application"], made["name"]) == (True, False, None, None)
    assert (made["created"], made["updated"], made["login_page"]) == (
        held_clock,
        held_clock,
        {"enabled": False, "url": None},
    )
    assert api.get(f"{PATH}/{made['id']}") == made


CANCEL = {
    "enabled": True,
    "mode": "immediately",
    "proration_behavior": "create_prorations",
    "cancellation_reason": {"enabled": True, "options": ["too_expensive", "other"], "feedback_options": []},
    "retention": RETENTION,
}
UPDATE = {
    "billing_cycle_anchor": "unchanged",
    "default_allowed_updates": ["price", "promotion_code", "quantity"],
    "enabled": True,
    "proration_behavior": "always_invoice",
    "rules": {**RULES, "commitment": {"interval": "month", "interval_count": 12, "metadata": None}},
    "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]},
    "trial_update_behavior": "continue_trial",
}
FEATURES = [
    (
        "customer_update",
        {"enabled": True, "allowed_updates": ["address", "email", "name", "phone", "shipping", "tax_id"]},
    ),
    ("customer_update", {"enabled": False, "allowed_updates": []}),
    ("invoice_history", {"enabled": True}),
    ("payment_method_update", {"enabled": True, "payment_method_configuration": "pmc_1"}),
    ("subscription_cancel", CANCEL),
    (
        "subscription_create",
        {
            "allow_promotion_codes": True,
            "enabled": True,
            "products": [],
            "several": {"enabled": True, "same_product": True},
            "trial_period_days": 14,
        },
    ),
    ("subscription_update", UPDATE),
]


@pytest.fixture(autouse=True)
def types(make):
    """The payment method configuration that `FEATURES` names."""
    with make.database.writing(make.scope) as db:
        row = PaymentMethodConfiguration(id="pmc_1", created=clock.now(), name="Cards", active=True, preferences={})
        db.add(row)


@pytest.mark.parametrize(("name", "feature"), FEATURES)
def test_a_feature_is_taken_whole_on_creation_and_later(api, name, feature):
    made = _create(api, **{name: feature})
    assert made["features"] == {**OFF, name: feature}
    later = api.post(f"{PATH}/{_create(api)['id']}", features={name: feature})
    assert later["features"] == {**OFF, **HISTORY, name: feature}


def test_pauses_have_the_durations_that_were_sent(api):
    options = [{"interval": "week"}, {"interval": "month", "interval_count": 3}]
    duration = {"type": "interval_options", "interval_options": options}
    by_default = _create(api, subscription_pause={"enabled": True})
    assert by_default["features"]["subscription_pause"] == {**PAUSE, "enabled": True}
    made = _create(api, subscription_pause={"enabled": True, "duration": duration})
    options = [{"interval": "week", "interval_count": 1}, {"interval": "month", "interval_count": 3}]
    assert made["features"]["subscription_pause"]["duration"]["interval_options"] == options
    later = api.post(f"{PATH}/{made['id']}", features={"subscription_pause": {"duration": {"type": "indefinite"}}})
    assert later["features"]["subscription_pause"] == {
        "duration": {"interval_options": [], "type": "indefinite"},
        "enabled": True,
    }


def test_there_are_eight_reasons_to_cancel(api):
    reasons = literal_values(Feedback)
    assert len(reasons) == 8
    made = _create(
        api, subscription_cancel={"enabled": True, "cancellation_reason": {"enabled": True, "options": reasons}}
    )
    assert made["features"]["subscription_cancel"]["cancellation_reason"]["options"] == list(reasons)


CHANGES = [
    ({"subscription_cancel": {"mode": "at_period_end"}}, ["subscription_cancel", "mode"], "at_period_end"),
    ({"subscription_cancel": {"enabled": False}}, ["subscription_cancel", "enabled"], False),
    (
        {"subscription_cancel": {"cancellation_reason": {"enabled": False}}},
        ["subscription_cancel", "cancellation_reason", "enabled"],
        False,
    ),
    (
        {"subscription_cancel": {"cancellation_reason": {"enabled": True, "options": ""}}},
        ["subscription_cancel", "cancellation_reason", "options"],
        [],
    ),
    ({"customer_update": {"allowed_updates": ["name"]}}, ["customer_update", "allowed_updates"], ["name"]),
    ({"customer_update": {"allowed_updates": ""}}, ["customer_update", "allowed_updates"], []),
    (
        {"payment_method_update": {"enabled": True, "payment_method_configuration": ""}},
        ["payment_method_update", "payment_method_configuration"],
        None,
    ),
    ({"subscription_update": {"default_allowed_updates": ""}}, ["subscription_update", "default_allowed_updates"], []),
    (
        {"subscription_update": {"schedule_at_period_end": {"conditions": ""}}},
        ["subscription_update", "schedule_at_period_end", "conditions"],
        [],
    ),
]


@pytest.mark.parametrize(("sent", "path", "value"), CHANGES)
def test_one_value_of_a_feature_is_changed_and_the_rest_stays(api, sent, path, value):
    everything = {name: feature for name, feature in FEATURES if feature["enabled"]}
    made = _create(api, **everything)
    after = api.post(f"{PATH}/{made['id']}", features=sent)
    place = made["features"]
    for key in path[:-1]:
        place = place[key]
    assert place[path[-1]] != value
    place[path[-1]] = value
    assert after["features"] == made["features"]


INCOMPLETE = [
    ({"customer_update": {"allowed_updates": ["name"]}}, "features[customer_update][enabled]"),
    ({"invoice_history": {"foo": 1}}, "features[invoice_history][enabled]"),
    ({"payment_method_update": {"payment_method_configuration": "x"}}, "features[payment_method_update][enabled]"),
    ({"subscription_cancel": {"mode": "immediately"}}, "features[subscription_cancel][enabled]"),
    ({"subscription_update": {"proration_behavior": "none"}}, "features[subscription_update][enabled]"),
    (
        {"subscription_cancel": {"enabled": True, "cancellation_reason": {"enabled": True}}},
        "features[subscription_cancel][cancellation_reason][options]",
    ),
]


@pytest.mark.parametrize(("features", "param"), INCOMPLETE)
def test_creation_asks_whether_a_feature_is_enabled(api, features, param):
    error = api.error("POST", PATH, features=features)
    assert (error["param"], error["code"]) == (param, "parameter_missing")


WRONG = [
    (
        {"customer_update": {"enabled": True, "allowed_updates": ["name", "age"]}},
        "features[customer_update][allowed_updates][1]",
    ),
    ({"invoice_history": {"enabled": "yes"}}, "features[invoice_history][enabled]"),
    ({"subscription_cancel": {"enabled": True, "mode": "later"}}, "features[subscription_cancel][mode]"),
    (
        {"subscription_cancel": {"enabled": True, "proration_behavior": "x"}},
        "features[subscription_cancel][proration_behavior]",
    ),
    (
        {"subscription_cancel": {"enabled": True, "cancellation_reason": {"enabled": True, "options": ["bored"]}}},
        "features[subscription_cancel][cancellation_reason][options][0]",
    ),
    (
        {
            "subscription_cancel": {
                "enabled": True,
                "cancellation_reason": {"enabled": True, "options": "", "feedback_options": ["fo_1"]},
            }
        },
        "features[subscription_cancel][cancellation_reason][feedback_options][0]",
    ),
    (
        {"subscription_update": {"enabled": True, "billing_cycle_anchor": "x"}},
        "features[subscription_update][billing_cycle_anchor]",
    ),
    (
        {"subscription_update": {"enabled": True, "products": [{"product": "prod_1", "prices": ["price_1"]}]}},
        "features[subscription_update][products][0][product]",
    ),
    (
        {"subscription_update": {"enabled": True, "products": [{"product": "prod_1", "prices": ["price_1"]}] * 101}},
        "features[subscription_update][products]",
    ),
    (
        {"subscription_create": {"enabled": True, "products": [{"product": "prod_1", "prices": ["price_1"]}]}},
        "features[subscription_create][products][0][product]",
    ),
    ({"subscription_create": {"several": {"same_product": True}}}, "features[subscription_create][several][enabled]"),
    ({"subscription_create": {"trial_period_days": 731}}, "features[subscription_create][trial_period_days]"),
    ({"subscription_pause": {"duration": {"type": "interval_options"}}}, f"{DURATION}[interval_options]"),
    ({"subscription_pause": {"duration": {"type": "for_ever"}}}, f"{DURATION}[type]"),
    ({"subscription_withdrawal": {"days": 0}}, "features[subscription_withdrawal][days]"),
    ({"subscription_withdrawal": {"refund": "none"}}, "features[subscription_withdrawal][refund]"),
    (
        {"subscription_pause": {"duration": {"type": "indefinite", "interval_options": [{"interval": "day"}]}}},
        f"{DURATION}[interval_options]",
    ),
    (
        {
            "subscription_pause": {
                "duration": {"type": "interval_options", "interval_options": [{"interval": "day"}] * 11}
            }
        },
        f"{DURATION}[interval_options]",
    ),
    (
        {
            "subscription_pause": {
                "duration": {
                    "type": "interval_options",
                    "interval_options": [{"interval": "year", "interval_count": 4}],
                }
            }
        },
        f"{DURATION}[interval_options][0][interval_count]",
    ),
    ({"teleport": {"enabled": True}}, "features[teleport]"),
    ("", "features"),
]


@pytest.mark.parametrize(("features", "param"), WRONG)
def test_a_wrong_feature_is_refused_and_changes_nothing(api, features, param):
    made = _create(api)
    for path in (PATH, f"{PATH}/{made['id']}"):
        answer = api.request("POST", path, features=features)
        assert answer.status_code in {400, 404}
        assert answer.get_json()["error"]["param"] == param
    assert api.get(f"{PATH}/{made['id']}") == made
    assert len(api.get(PATH)["data"]) == 2


def test_products_are_kept_with_their_quantities(api, make):
    price, other = make.price(), make.price()
    quantity = {"enabled": True, "minimum": 2, "maximum": 9}
    sold = [
        {"product": price.product_id, "prices": [price.id], "adjustable_quantity": quantity},
        {"product": other.product_id, "prices": [other.id]},
    ]
    expand = ["features.subscription_update.products"]
    made = api.post(PATH, features={"subscription_update": {"enabled": True, "products": sold}}, expand=expand)
    assert list(violations(made, stripe.billing_portal.Configuration)) == []
    shown = made["features"]["subscription_update"]["products"]
    assert [each["adjustable_quantity"] for each in shown] == [
        quantity,
        {"enabled": False, "minimum": 1, "maximum": None},
    ]
    cleared = api.post(f"{PATH}/{made['id']}", features={"subscription_update": {"products": ""}}, expand=expand)
    assert cleared["features"]["subscription_update"]["products"] == []


def test_a_price_of_another_product_is_refused(api, make):
    products = [{"product": make.price().product_id, "prices": [make.price().id]}]
    error = api.error("POST", PATH, 400, features={"subscription_update": {"enabled": True, "products": products}})
    assert error["param"] == "features[subscription_update][products][0][prices][0]"


def test_a_price_that_is_paid_once_is_refused(api, make):
    price = make.price(recurring=None)
    products = [{"product": price.product_id, "prices": [price.id]}]
    error = api.error("POST", PATH, features={"subscription_update": {"enabled": True, "products": products}})
    assert error["param"] == "features[subscription_update][products][0][prices][0]"


@pytest.mark.parametrize("limits", [{"maximum": 0}, {"minimum": 5, "maximum": 4}])
def test_limits_that_nothing_fits_are_refused(api, make, limits):
    price = make.price()
    quantity = {"enabled": True, **limits}
    products = [{"product": price.product_id, "prices": [price.id], "adjustable_quantity": quantity}]
    error = api.error("POST", PATH, features={"subscription_update": {"enabled": True, "products": products}})
    assert error["param"] == "features[subscription_update][products][0][adjustable_quantity][maximum]"


SAID = [
    ({"name": "For riders"}, "name", "For riders"),
    ({"default_return_url": "https://example.com/account"}, "default_return_url", "https://example.com/account"),
    ({"default_return_url": "http://localhost:3000/"}, "default_return_url", "http://localhost:3000/"),
    ({"business_profile": {"headline": "x" * 60}}, ("business_profile", "headline"), "x" * 60),
    (
        {"business_profile": {"privacy_policy_url": "https://e.com/p"}},
        ("business_profile", "privacy_policy_url"),
        "https://e.com/p",
    ),
    ({"session_limits": {"idle": 600}}, ("session_limits", "idle"), 600),
    ({"login_page": {"enabled": False}}, ("login_page", "enabled"), False),
]


def _at(found, path):
    return found[path] if isinstance(path, str) else found[path[0]][path[1]]


@pytest.mark.parametrize(("sent", "path", "value"), SAID)
def test_what_is_said_is_shown(api, sent, path, value):
    assert _at(api.post(PATH, features=HISTORY, **sent), path) == value
    assert _at(api.post(f"{PATH}/{_create(api)['id']}", **sent), path) == value


@pytest.mark.parametrize("name", ["headline", "privacy_policy_url", "terms_of_service_url"])
def test_an_empty_value_clears_a_part_of_the_profile(api, name):
    profile = {
        "headline": "Rocket",
        "privacy_policy_url": "https://example.com/p",
        "terms_of_service_url": "https://example.com/t",
    }
    made = api.post(PATH, features=HISTORY, business_profile=profile)
    assert api.post(f"{PATH}/{made['id']}", business_profile={name: ""})["business_profile"] == {**profile, name: None}


@pytest.mark.parametrize("name", ["name", "default_return_url"])
def test_an_empty_value_clears(api, name):
    made = api.post(PATH, features=HISTORY, name="x", default_return_url="https://example.com")
    assert api.post(f"{PATH}/{made['id']}", **{name: ""})[name] is None


UNUSABLE = [
    ({"name": "x" * 257}, "name"),
    ({"business_profile": {"headline": "x" * 61}}, "business_profile[headline]"),
    ({"business_profile": {"privacy_policy_url": "javascript:x"}}, "business_profile[privacy_policy_url]"),
    ({"default_return_url": "http://example.com"}, "default_return_url"),
    ({"default_return_url": "//example.com"}, "default_return_url"),
    ({"session_limits": {"idle": 59}}, "session_limits[idle]"),
    ({"session_limits": {"idle": 3601}}, "session_limits[idle]"),
    ({"session_limits": {"absolute": 43201}}, "session_limits[absolute]"),
    ({"login_page": ""}, "login_page"),
    ({"is_default": True}, "is_default"),
]


@pytest.mark.parametrize(("sent", "param"), UNUSABLE)
def test_what_can_not_be_is_refused(api, sent, param):
    assert api.error("POST", PATH, features=HISTORY, **sent)["param"] == param
    assert api.error("POST", f"{PATH}/{_create(api)['id']}", **sent)["param"] == param


def test_a_plain_http_way_back_is_refused_in_live_mode(app, merchant):
    live = Api(app.test_client(), merchant.live_key)
    error = live.error("POST", PATH, features=HISTORY, default_return_url="http://localhost/")
    assert (error["param"], error["code"]) == ("default_return_url", "url_invalid")


def test_features_are_required_on_creation_only(api):
    assert api.error("POST", PATH, name="x")["param"] == "features"
    assert api.post(f"{PATH}/{_create(api)['id']}", name="x")["name"] == "x"


def test_a_configuration_is_deactivated_and_activated(api):
    path = f"{PATH}/{_create(api)['id']}"
    assert api.error("POST", PATH, features=HISTORY, active=False)["param"] == "active"
    assert api.post(path, active=False)["active"] is False
    assert len(api.get(PATH, active=False)["data"]) == len(api.get(PATH, active=True)["data"]) == 1
    assert api.post(path, active=True)["active"] is True


def test_the_default_one_can_not_be_deactivated(api):
    (default,) = api.get(PATH, is_default=True)["data"]
    assert api.error("POST", f"{PATH}/{default['id']}", active=False, name="x")["param"] == "active"
    assert api.get(f"{PATH}/{default['id']}") == default
    assert api.post(f"{PATH}/{default['id']}", name="x")["name"] == "x"


def test_a_configuration_is_never_deleted(api):
    assert api.error("DELETE", f"{PATH}/{_create(api)['id']}", 404)["message"].startswith("Unrecognized request URL")
