"""Portal sessions as the merchant sees them: made, shown, listed and ended."""

import hashlib
import re

import pytest
import stripe
from sqlalchemy import select

from portal import clock, i18n
from portal.billing.customer_portal import expiry
from portal.models import PortalSession
from tests.clients import Api
from tests.contract import violations

PATH = "billing_portal/sessions"
AFTER = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Thanks!"}}
NO_FLOW = {
    "customer_update": None,
    "invoice_correction": None,
    "quote_accept": None,
    "subscription_cancel": None,
    "subscription_create": None,
    "subscription_pause": None,
    "subscription_withdrawal": None,
    "subscription_update": None,
    "subscription_update_confirm": None,
}
HOME = {"type": "portal_homepage", "hosted_confirmation": None, "redirect": None}


@pytest.fixture
def customer(make):
    return make.customer()


@pytest.fixture
def live(app, merchant):
    return Api(app.test_client(), merchant.live_key)


def _row(writing, id):
    with writing() as db:
        return db.scalar(select(PortalSession).where(PortalSession.id == id))


def test_a_new_session_has_every_documented_key(api, customer, held_clock):
    session = api.post(PATH, customer=customer.id, return_url="https://example.com/account")
    assert list(violations(session, stripe.billing_portal.Session)) == []
    assert (session["customer"], session["return_url"]) == (customer.id, "https://example.com/account")
    assert (session["created"], session["livemode"], session["locale"], session["flow"]) == (
        held_clock,
        False,
        None,
        None,
    )
    (default,) = api.get("billing_portal/configurations", is_default=True)["data"]
    assert session["configuration"] == default["id"]


def test_the_link_is_in_the_answer_to_the_creation_only(api, customer, writing):
    session = api.post(PATH, customer=customer.id)
    secret = re.fullmatch(r"http://localhost/p/session/(pls_[\w-]{43}[0-9a-f]{8})", session["url"])[1]
    assert api.get(f"{PATH}/{session['id']}") == {**session, "url": ""}
    assert _row(writing, session["id"]).link_hash == hashlib.sha256(secret.encode()).hexdigest()


def test_a_link_lives_five_minutes(api, customer, writing, held_clock):
    row = _row(writing, api.post(PATH, customer=customer.id)["id"])
    assert row.link_expires_at == held_clock + 5 * clock.MINUTE
    assert row.expires_at == row.link_expires_at + 4 * clock.HOUR


def test_a_configuration_can_be_named(api, make, customer):
    configuration = make.configuration()
    session = api.post(PATH, customer=customer.id, configuration=configuration.id, expand=["configuration"])
    assert session["configuration"]["id"] == configuration.id
    assert "/p/session/" in session["url"]


def test_an_inactive_configuration_is_refused(api, make, customer):
    id = make.configuration().id
    api.post(f"billing_portal/configurations/{id}", active=False)
    assert api.error("POST", PATH, customer=customer.id, configuration=id)["param"] == "configuration"


def test_the_way_back_is_the_configurations_unless_the_session_says_otherwise(api, make, customer):
    id = make.configuration().id
    api.post(f"billing_portal/configurations/{id}", default_return_url="https://example.com/default")
    sent = {"customer": customer.id, "configuration": id}
    assert api.post(PATH, **sent)["return_url"] == "https://example.com/default"
    assert api.post(PATH, **sent, return_url="https://example.com/own")["return_url"] == "https://example.com/own"


@pytest.mark.parametrize("locale", sorted({*i18n.WIRE_LOCALES, *map(i18n.html_lang, i18n.CATALOGUES)}))
def test_every_documented_language_is_taken_and_each_with_a_catalogue(api, customer, locale):
    assert api.post(PATH, customer=customer.id, locale=locale)["locale"] == locale


def test_a_blank_language_is_the_customers_own(api, customer):
    assert api.post(PATH, customer=customer.id, locale="")["locale"] is None


def test_the_account_itself_may_be_named(api, merchant, customer):
    session = api.post(PATH, customer=customer.id, on_behalf_of=merchant.account.id)
    assert session["on_behalf_of"] == merchant.account.id


WRONG = [
    ({"locale": "tlh"}, "locale"),
    ({"locale": "DE"}, "locale"),
    ({"configuration": "bpc_1"}, "configuration"),
    ({"on_behalf_of": "acct_1"}, "on_behalf_of"),
    ({"return_url": ""}, "return_url"),
    ({"customer_account": "acct_1"}, "customer_account"),
    ({"flow_data": {"type": "teleport"}}, "flow_data[type]"),
    ({"flow_data": {"after_completion": {"type": "redirect"}}}, "flow_data[type]"),
    ({"flow_data": ""}, "flow_data"),
]


@pytest.mark.parametrize(("sent", "param"), WRONG)
def test_a_wrong_parameter_is_refused_and_makes_no_session(api, customer, sent, param):
    answer = api.request("POST", PATH, customer=customer.id, **sent)
    assert answer.status_code in {400, 404}
    assert answer.get_json()["error"]["param"] == param
    assert api.get(PATH)["data"] == []


def test_a_session_is_for_a_customer(api):
    assert api.error("POST", PATH)["param"] == "customer"
    assert api.error("POST", PATH, 400, customer="cus_1")["param"] == "customer"


UNSAFE = [
    "javascript:alert(1)",
    "//evil.com",
    "/account",
    "https://user@evil.com",
    "https://example.com\\@evil.com",
    "https://example.com\r\nSet-Cookie: a=b",
    "https://127.1/",
    "http://example.com",
    "http://localhost.evil.com/",
]


@pytest.mark.parametrize("url", UNSAFE)
@pytest.mark.parametrize("key", ["test", "live"])
def test_an_unsafe_way_back_is_refused(api, live, customer, url, key):
    client, id = (api, customer.id) if key == "test" else (live, live.post("customers")["id"])
    assert client.error("POST", PATH, customer=id, return_url=url)["param"] == "return_url"
    after = {"type": "redirect", "redirect": {"return_url": url}}
    error = client.error("POST", PATH, customer=id, flow_data={"type": "customer_update", "after_completion": after})
    assert error["param"] == "flow_data[after_completion][redirect][return_url]"
    assert client.get(PATH)["data"] == []


def test_plain_http_is_for_this_machine_in_test_mode(api, live, customer):
    assert api.post(PATH, customer=customer.id, return_url="http://localhost:3000/a")["return_url"]
    error = live.error("POST", PATH, customer=live.post("customers")["id"], return_url="http://localhost:3000/a")
    assert (error["param"], error["code"]) == ("return_url", "url_invalid")


AFTERS = [
    (None, HOME),
    ({"type": "portal_homepage"}, HOME),
    (
        {"type": "hosted_confirmation"},
        {**HOME, "type": "hosted_confirmation", "hosted_confirmation": {"custom_message": None}},
    ),
    (AFTER, {**HOME, **AFTER}),
    (
        {"type": "redirect", "redirect": {"return_url": "https://EXAMPLE.com/a"}},
        {**HOME, "type": "redirect", "redirect": {"return_url": "https://example.com/a"}},
    ),
]


@pytest.mark.parametrize(("after", "shown"), AFTERS)
def test_a_flow_is_shown_with_every_branch(api, customer, after, shown):
    sent = {"type": "customer_update", **({"after_completion": after} if after else {})}
    session = api.post(PATH, customer=customer.id, flow_data=sent)
    assert session["flow"] == {**NO_FLOW, "type": "customer_update", "customer_update": {}, "after_completion": shown}
    assert list(violations(session, stripe.billing_portal.Session)) == []


def test_a_flow_to_cancel_names_the_subscription(api, make):
    subscription = make.subscription()
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": subscription.id},
        "after_completion": AFTER,
    }
    session = api.post(PATH, customer=subscription.customer_id, flow_data=flow)
    cancel = {"retention": None, "subscription": subscription.id}
    assert session["flow"] == {
        **NO_FLOW,
        "type": flow["type"],
        "subscription_cancel": cancel,
        "after_completion": {**HOME, **AFTER},
    }
    assert list(violations(session, stripe.billing_portal.Session)) == []


def _cancel(subscription, **more):
    return {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscription, **more}}


CANCEL = "flow_data[subscription_cancel]"
COUPON = {"type": "coupon_offer", "coupon_offer": {"coupon": "c"}}
WRONG_FLOWS = [
    ({"type": "subscription_cancel"}, f"{CANCEL}[subscription]"),
    (_cancel("sub_1"), f"{CANCEL}[subscription]"),
    (_cancel("sub_1", retention={"type": "coupon_offer"}), f"{CANCEL}[retention][coupon_offer]"),
    ({**_cancel("sub_1"), "type": "customer_update"}, CANCEL),
    ({"type": "payment_method_update"}, "flow_data[type]"),
    ({"type": "subscription_update", "subscription_update": {"subscription": "sub_1"}}, "flow_data[type]"),
    (
        {
            "type": "subscription_update_confirm",
            "subscription_update_confirm": {
                "subscription": "sub_1",
                "items": [{"id": "si_1", "price": "p", "quantity": 2}],
            },
        },
        "flow_data[type]",
    ),
    (
        {"type": "subscription_update_confirm", "subscription_update_confirm": {"subscription": "s"}},
        "flow_data[subscription_update_confirm][items]",
    ),
    (
        {"type": "customer_update", "after_completion": {"type": "redirect"}},
        "flow_data[after_completion][redirect][return_url]",
    ),
    (
        {
            "type": "customer_update",
            "after_completion": {"type": "redirect", "redirect": {}, "hosted_confirmation": {"custom_message": "x"}},
        },
        "flow_data[after_completion][hosted_confirmation]",
    ),
    (
        {
            "type": "customer_update",
            "after_completion": {**AFTER, "hosted_confirmation": {"custom_message": "x" * 501}},
        },
        "flow_data[after_completion][hosted_confirmation][custom_message]",
    ),
]


@pytest.mark.parametrize(("flow", "param"), WRONG_FLOWS)
def test_a_flow_that_can_not_be_is_refused(api, customer, flow, param):
    answer = api.request("POST", PATH, customer=customer.id, flow_data=flow)
    assert answer.status_code in {400, 404}
    assert answer.get_json()["error"]["param"] == param
    assert api.get(PATH)["data"] == []


@pytest.mark.parametrize("how", ["of another", "canceled", "about to be"])
def test_only_the_customers_own_running_subscription_can_be_canceled(api, make, customer, how):
    subscription = make.subscription(None if how == "of another" else customer)
    if how == "canceled":
        api.delete(f"subscriptions/{subscription.id}")
    elif how == "about to be":
        api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=True)
    answer = api.request("POST", PATH, customer=customer.id, flow_data=_cancel(subscription.id))
    assert answer.status_code == 400
    assert answer.get_json()["error"]["param"] == f"{CANCEL}[subscription]"


@pytest.mark.parametrize("feature", ["customer_update", "subscription_cancel"])
def test_a_flow_needs_its_feature(api, make, feature):
    subscription = make.subscription()
    configuration = make.configuration(**{feature: {"enabled": False}})
    flow = _cancel(subscription.id) if feature == "subscription_cancel" else {"type": feature}
    sent = {"customer": subscription.customer_id, "configuration": configuration.id, "flow_data": flow}
    assert f"features[{feature}][enabled]" in api.error("POST", PATH, **sent)["message"]


def test_sessions_are_listed_by_customer(api, make, customer):
    own = [api.post(PATH, customer=customer.id)["id"] for _ in range(2)]
    other = api.post(PATH, customer=make.customer().id)["id"]
    assert [each["id"] for each in api.get(PATH, customer=customer.id)["data"]] == own[::-1]
    assert [each["id"] for each in api.get(PATH)["data"]] == [other, *own[::-1]]
    assert {each["url"] for each in api.get(PATH)["data"]} == {""}


def test_a_session_is_ended_once_and_for_all(api, customer, writing, held_clock):
    id = api.post(PATH, customer=customer.id)["id"]
    assert api.post(f"{PATH}/{id}/expire")["ended_at"] == held_clock
    with clock.hold_at(held_clock + 5):
        assert api.post(f"{PATH}/{id}/expire")["ended_at"] == held_clock
    assert _row(writing, id).ended_at == held_clock


def test_an_ended_session_opens_no_more(api, customer, client):
    session = api.post(PATH, customer=customer.id)
    api.post(f"{PATH}/{session['id']}/expire")
    assert client.get(session["url"].removeprefix("http://localhost")).status_code == 410


def test_an_opened_session_says_so(api, make, portal, customer, held_clock):
    visit = portal(customer)
    session = api.get(f"{PATH}/{visit.session_id}")
    assert (session["opened_at"], session["last_seen_at"], session["ended_at"]) == (held_clock, held_clock, None)
    assert session["expires_at"] == held_clock + 4 * clock.HOUR
    api.post(f"{PATH}/{visit.session_id}/expire")
    assert visit.get().status_code == 410


def test_old_sessions_are_pruned(api, customer, database, writing, held_clock):
    old = api.post(PATH, customer=customer.id)["id"]
    with database.writing() as db:
        expiry.prune(db, now=held_clock + 91 * clock.DAY)
    assert _row(writing, old) is None
