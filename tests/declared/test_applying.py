"""`portal apply`: what a file says of an account is carried out, told, and done once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from portal.commands.declarations import apply_file
from portal.commands.environment import Commands
from portal.db import Database
from tests.clients import Api
from tests.factories import Factories

EXAMPLE = Path(__file__).parents[2] / "examples" / "portal.yaml"
COMMANDS = Commands(commands=[apply_file])


@pytest.fixture
def run(tmp_path: Path, database: Database, make: Factories, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command on a file with these words, and answers what came of it."""
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("PORTAL_DATABASE_URL", database.url.render_as_string(hide_password=False))

    def run(words: str, *options: str, name: str = "portal.yaml") -> Result:
        (tmp_path / name).write_text(words)
        return CliRunner().invoke(
            COMMANDS,
            ["apply", str(tmp_path / name), "--account", make.scope.account_id, *options],
            obj=lambda: database,
        )

    return run


def test_the_example_is_carried_out_once(api: Api, run: Any) -> None:
    done = run(EXAMPLE.read_text())
    assert done.exit_code == 0, done.output
    prices = {each["lookup_key"]: each for each in api.get("prices", limit=100)["data"]}
    assert prices["basic_yearly"]["unit_amount"] == 9000
    assert prices["basic_yearly"]["recurring"]["interval"] == "year"
    assert api.get("products/basic")["default_price"] == prices["basic_monthly"]["id"]
    assert api.get("coupons/COMEBACK")["percent_off"] == 20
    named = {each["name"]: each for each in api.get("billing_portal/configurations")["data"]}
    assert named["Bookkeeping"]["features"]["invoice_history"]["enabled"]
    listed = api.get(
        "billing_portal/configurations", is_default=True, expand=["data.features.subscription_update.products"]
    )
    offered = listed["data"][0]["features"]["subscription_update"]["products"]
    assert {each["product"]: sorted(each["prices"]) for each in offered} == {
        "basic": sorted([prices["basic_monthly"]["id"], prices["basic_yearly"]["id"]]),
        "team": [prices["team_monthly"]["id"]],
    }
    assert api.get("account")["settings"]["branding"]["primary_color"] == "#0b5d4a"
    assert "signs with whsec_" in done.output
    events = api.get("events", limit=1)["data"][0]["id"]
    again = run(EXAMPLE.read_text())
    assert again.output == "Everything is as it says.\n"
    assert api.get("events", limit=1)["data"][0]["id"] == events


def test_what_differs_is_told_and_changed(api: Api, run: Any) -> None:
    run("configurations: {Teams: {features: {invoice_history: {enabled: true}}}}")
    done = run("configurations: {Teams: {features: {invoice_history: {enabled: false}}}}", "--json")
    assert json.loads(done.stdout)["changes"] == [
        {
            "type": "billing_portal.configuration",
            "name": "Teams",
            "new": False,
            "parts": {"features.invoice_history.enabled": {"before": True, "after": False}},
        }
    ]
    shown = run("configurations: {Teams: {name: Crews}}", "--dry-run")
    assert '    name: "Teams" → "Crews"' in shown.output
    assert "1 object would change." in shown.output
    assert "Teams" in {each["name"] for each in api.get("billing_portal/configurations")["data"]}


def test_another_amount_is_a_new_price(api: Api, run: Any) -> None:
    words = "products: {basic: {name: Basic, prices: {monthly: {unit_amount: %d, currency: eur, nickname: %s}}}}"
    run(words % (900, "Old"))
    (before,) = api.get("prices", lookup_keys=["monthly"])["data"]
    run(words % (900, "Same"))
    assert api.get(f"prices/{before['id']}")["nickname"] == "Same"
    done = run(words % (1200, "New"))
    assert "    unit_amount: 900 → 1200" in done.output
    (after,) = api.get("prices", lookup_keys=["monthly"])["data"]
    assert (after["unit_amount"], after["id"] != before["id"]) == (1200, True)
    assert not api.get(f"prices/{before['id']}")["active"]


def test_country_codes_and_numbers_stay_as_they_are_written(api: Api, run: Any) -> None:
    done = run("account: {country: NO, company: {name: 1.10}}")
    assert done.exit_code == 0, done.output
    shown = api.get("account")
    assert (shown["country"], shown["company"]["name"]) == ("NO", "1.10")


def test_json_says_the_same(api: Api, run: Any) -> None:
    said = {
        "configurations": {"Teams": {"features": {"invoice_history": {"enabled": True}}, "default_return_url": None}}
    }
    done = run(json.dumps(said), name="portal.json")
    assert done.output.splitlines()[0] == "+ billing_portal.configuration Teams"


def test_a_logo_is_uploaded_once(api: Api, run: Any, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "green").save(tmp_path / "logo.png")
    words = "account: {settings: {branding: {logo: logo.png}}}"
    run(words)
    logo = api.get("account")["settings"]["branding"]["logo"]
    assert logo.startswith("file_")
    assert run(words).output == "Everything is as it says.\n"
    Image.new("RGB", (200, 200), "blue").save(tmp_path / "logo.png")
    run(words)
    assert api.get("account")["settings"]["branding"]["logo"] != logo


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "products: {basic: {prices: {m: {unit_amount: x, currency: eur}}}}",
            "price m: Invalid integer: x (unit_amount)",
        ),
        ("coupons: {A: {duration: once}}", "coupon A: You must pass either percent_off or amount_off"),
        ("configuration: {}", "There is no section configuration here."),
        ("prices: {}", "There is no section prices here."),
        ("- a", "the sections must be a mapping"),
        ("products: [a]", "products: this takes names"),
        ("coupons: {A: 5}", "coupons A: this takes names"),
        ("a: {b", "portal.yaml: line 2, column 1: expected"),
        ("coupons:\n  A: {}\n  A: {}\n", "line 3: A stands twice"),
        ("account: {settings: {branding: {logo: none.png}}}", "none.png: No such file"),
        ("webhook_endpoints: {'ftp://a.example': {enabled_events: ['*']}}", "webhook_endpoint ftp://a.example: "),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(api: Api, run: Any, words: str, said: str) -> None:
    before = api.get("events", limit=1)["data"]
    done = run(f"{words}\n")
    assert done.exit_code != 0
    assert said in done.output
    assert api.get("events", limit=1)["data"] == before


def test_it_is_whole_or_not_at_all(api: Api, run: Any) -> None:
    done = run("coupons: {GOOD: {percent_off: 5}, BAD: {percent_off: 500}}")
    assert done.exit_code != 0
    assert api.get("coupons")["data"] == []


def test_the_terms_of_a_coupon_never_change(run: Any) -> None:
    run("coupons: {A: {percent_off: 20.0, duration: once, name: One}}")
    assert run("coupons: {A: {percent_off: 20, duration: once, name: One}}").output == "Everything is as it says.\n"
    assert "Give the new terms an id of their own" in run("coupons: {A: {percent_off: 25}}").output
