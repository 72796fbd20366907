"""The merchant's own account: what customers read about it, and where they pay."""

import pytest
import stripe

from tests.clients import Api
from tests.contract import violations

ADDRESS = {
    "line1": "Hauptstr. 1",
    "line2": None,
    "city": "Berlin",
    "postal_code": "10115",
    "state": None,
    "country": "DE",
}
SETTINGS = {
    "branding": {"primary_color": "#0a7cff", "secondary_color": "#ffffff"},
    "dashboard": {"display_name": "Rocket Rides", "timezone": "Europe/Berlin"},
    "invoices": {
        "bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"},
        "e_invoices": {"formats": ["factur_x", "peppol"], "endpoint": "0204:991-1", "untaxed": "small_business"},
    },
    "portal": {"default_locale": "de"},
}
PROFILE = {
    "name": "Rocket Rides",
    "support_address": ADDRESS,
    "support_email": "help@example.com",
    "support_phone": "+49 30 123456",
    "support_url": "https://example.com/help",
    "url": "https://example.com",
}


@pytest.fixture
def path(merchant):
    return f"accounts/{merchant.account.id}"


def _sent(values):
    """Without what is null: an empty value would be one to clear."""
    return {
        key: _sent(value) if isinstance(value, dict) else value for key, value in values.items() if value is not None
    }


def test_the_account_has_every_documented_key(api, path, merchant):
    account = api.get("account")
    assert list(violations(account, stripe.Account)) == []
    assert account == api.get(path)
    assert (account["id"], account["country"], account["default_currency"]) == (merchant.account.id, "US", "usd")
    assert account["settings"]["dashboard"]["display_name"] == "Rocket Rides"


@pytest.mark.parametrize("by_id", [True, False])
def test_what_a_merchant_says_is_shown(api, path, by_id):
    company = {"name": "Rocket Rides GmbH", "phone": "1", "address": ADDRESS}
    sent = _sent({"business_profile": PROFILE, "company": company, "settings": SETTINGS})
    account = api.post(path if by_id else "account", **sent, email="hello@example.com", country="de")
    assert api.get("account") == account
    assert account["business_profile"].items() >= PROFILE.items()
    assert account["company"].items() >= company.items()
    assert account["settings"]["invoices"]["bank_transfer"].items() >= SETTINGS["invoices"]["bank_transfer"].items()
    assert account["settings"]["invoices"]["e_invoices"].items() >= SETTINGS["invoices"]["e_invoices"].items()
    assert account["settings"]["branding"].items() >= SETTINGS["branding"].items()
    assert account["settings"]["dashboard"] == SETTINGS["dashboard"]
    assert (account["email"], account["country"], account["settings"]["portal"]["default_locale"]) == (
        "hello@example.com",
        "DE",
        "de",
    )
    assert list(violations(account, stripe.Account)) == []


CHANGES = [
    {"business_profile": {"support_phone": "2"}},
    {"company": {"name": "Other"}},
    {"settings": {"branding": {"primary_color": "#000000"}}},
    {"settings": {"dashboard": {"timezone": "Asia/Kolkata"}}},
    {"settings": {"invoices": {"bank_transfer": {"bic": "DEUTDEFF"}}}},
    {"email": "other@example.com"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_not_sent_stays(api, change):
    before = api.post("account", **_sent({"business_profile": PROFILE, "settings": SETTINGS}))
    after = api.post("account", **change)
    assert after != before
    assert _differences(before, after) == _leaves(change)


def _leaves(values):
    nested = (_leaves(value) if isinstance(value, dict) else [value] for value in values.values())
    return [leaf for leaves in nested for leaf in leaves]


def _differences(before, after):
    found = []
    for key, value in after.items():
        if isinstance(value, dict):
            found += _differences(before[key], value)
        elif value != before[key]:
            found.append(value)
    return found


CLEARED = [
    ({"settings": {"invoices": {"bank_transfer": ""}}}, ["settings", "invoices", "bank_transfer"]),
    ({"settings": {"invoices": {"bank_transfer": {"bic": ""}}}}, ["settings", "invoices", "bank_transfer", "bic"]),
    ({"settings": {"branding": {"primary_color": ""}}}, ["settings", "branding", "primary_color"]),
    ({"business_profile": {"support_address": ""}}, ["business_profile", "support_address"]),
    ({"email": ""}, ["email"]),
]


@pytest.mark.parametrize(("sent", "path"), CLEARED)
def test_an_empty_value_clears(api, sent, path):
    api.post("account", **_sent({"business_profile": PROFILE, "settings": SETTINGS}), email="hello@example.com")
    found = api.post("account", **sent)
    for key in path:
        found = found[key]
    assert found is None


def test_without_a_time_zone_days_are_those_of_utc(api):
    assert api.get("account")["settings"]["dashboard"]["timezone"] == "Etc/UTC"
    assert api.post("account", settings={"dashboard": {"timezone": "Asia/Tokyo"}})["settings"]["dashboard"] == {
        "display_name": "Rocket Rides",
        "timezone": "Asia/Tokyo",
    }
    assert (
        api.post("account", settings={"dashboard": {"timezone": ""}})["settings"]["dashboard"]["timezone"] == "Etc/UTC"
    )


WRONG = [
    ({"settings": {"dashboard": {"timezone": "Europe/Atlantis"}}}, "settings[dashboard][timezone]"),
    ({"settings": {"dashboard": {"timezone": "europe/berlin"}}}, "settings[dashboard][timezone]"),
    ({"settings": {"dashboard": {"timezone": "+01:00"}}}, "settings[dashboard][timezone]"),
    ({"settings": {"dashboard": {"timezone": "../etc/passwd"}}}, "settings[dashboard][timezone]"),
    ({"settings": {"branding": {"primary_color": "red"}}}, "settings[branding][primary_color]"),
    ({"settings": {"branding": {"primary_color": "#12345g"}}}, "settings[branding][primary_color]"),
    ({"settings": {"invoices": {"bank_transfer": {"iban": "DE00"}}}}, "settings[invoices][bank_transfer][iban]"),
    ({"settings": {"invoices": {"bank_transfer": {"bic": "X"}}}}, "settings[invoices][bank_transfer][bic]"),
    ({"settings": {"invoices": {"e_invoices": {"endpoint": "me"}}}}, "settings[invoices][e_invoices][endpoint]"),
    ({"settings": {"invoices": {"e_invoices": {"endpoint": "9999:a"}}}}, "settings[invoices][e_invoices][endpoint]"),
    ({"settings": {"invoices": {"e_invoices": {"formats": ["pdf"]}}}}, "settings[invoices][e_invoices][formats][0]"),
    ({"settings": {"portal": {"default_locale": "tlh-x"}}}, "settings[portal][default_locale]"),
    ({"business_profile": {"support_email": "x"}}, "business_profile[support_email]"),
    ({"business_profile": {"support_url": "javascript:x"}}, "business_profile[support_url]"),
    ({"email": "x"}, "email"),
    ({"country": "Germany"}, "country"),
    ({"country": ""}, "country"),
    ({"default_currency": "x"}, "default_currency"),
    ({"charges_enabled": True}, "charges_enabled"),
]


@pytest.mark.parametrize(("sent", "param"), WRONG)
def test_a_wrong_value_is_refused_and_changes_nothing(api, sent, param):
    before = api.get("account")
    assert api.error("POST", "account", **sent)["param"] == param
    assert api.get("account") == before


def test_a_mail_address_is_an_electronic_address(api):
    sent = {"invoices": {"e_invoices": {"endpoint": "EM: rechnung@example.com"}}}
    shown = api.post("account", settings=sent)["settings"]["invoices"]["e_invoices"]
    assert shown["endpoint"] == "EM:rechnung@example.com"


@pytest.mark.parametrize(
    "iban", ["BE68539007547034", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NO9386011117947"]
)
def test_an_iban_is_taken_whatever_the_bank(api, iban):
    """Examples of the IBAN registry: banks that no list knows (BE68 5390) are banks too."""
    shown = api.post("account", settings={"invoices": {"bank_transfer": {"iban": iban}}})
    assert shown["settings"]["invoices"]["bank_transfer"]["iban"] == iban


def test_an_iban_is_kept_without_blanks(api):
    sent = {"invoices": {"bank_transfer": {"iban": "de89 3704 0044 0532 0130 00"}}}
    shown = api.post("account", settings=sent)["settings"]["invoices"]["bank_transfer"]
    assert shown == {"iban": "DE89370400440532013000", "bic": None, "holder": None}


def test_both_modes_share_the_account(app, api, merchant):
    api.post("account", email="hello@example.com")
    assert Api(app.test_client(), merchant.live_key).get("account")["email"] == "hello@example.com"


def _choose(api, *chosen):
    sent = {"invoices": {"default_account_tax_ids": list(chosen) or ""}}
    return api.post("account", settings=sent)["settings"]["invoices"]["default_account_tax_ids"]


def test_the_accounts_tax_ids_are_chosen_for_each_mode_by_itself(app, api, merchant):
    live = Api(app.test_client(), merchant.live_key)
    own, other = (each.post("tax_ids", type="eu_vat", value="DE136695976")["id"] for each in (api, live))
    assert _choose(api, own) == [own]
    assert _choose(live, other) == [other]
    assert api.get("account")["settings"]["invoices"]["default_account_tax_ids"] == [own]
    assert _choose(api) is None
    assert live.get("account")["settings"]["invoices"]["default_account_tax_ids"] == [other]


def test_only_the_accounts_own_tax_ids_can_be_chosen(api, make):
    customers_own = api.post(f"customers/{make.customer().id}/tax_ids", type="eu_vat", value="DE136695976")["id"]
    for id in (customers_own, "txi_1"):
        error = api.error("POST", "account", 400, settings={"invoices": {"default_account_tax_ids": [id]}})
        assert error["param"] == "settings[invoices][default_account_tax_ids][0]"


def test_a_deleted_tax_id_is_chosen_no_more(api):
    first, second = (api.post("tax_ids", type="us_ein", value=f"12-345678{digit}")["id"] for digit in "12")
    _choose(api, first, second)
    api.delete(f"tax_ids/{first}")
    assert api.get("account")["settings"]["invoices"]["default_account_tax_ids"] == [second]
