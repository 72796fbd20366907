"""The access matrix: every route by every stranger, generated from the route table.

Rows of a victim carry a canary; no answer to anybody else may hold it, and nothing of the victim
may change. A route without a declared policy fails here, so a new one can't be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import clock, create_app, zones
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount, NewAccount
from portal.db import Database, Scope
from portal.models import Base, Customer, TenantOwned
from portal.rules import permissions
from portal.settings import from_environment
from portal.web.policies import POLICIES
from tests import debits
from tests.clients import Api, Portal, follow_portal_link
from tests.examples import EXAMPLES, Scene, path_types
from tests.factories import Factories

CANARY = "Canary-7f3a"
SECURE = "https://localhost"
#: What is not switched on by the factory: changes of plan.
CHANGES: dict[str, Any] = {"subscription_update": {"enabled": True, "default_allowed_updates": ["price", "quantity"]}}


def _rules() -> list[tuple[str, str, str]]:
    """(method, rule, endpoint) of every route; the matrix can't be shorter than the table."""
    never_opened = {"PORTAL_SECRET_KEY": "x" * 40, "PORTAL_DATABASE_URL": "sqlite:////nowhere/portal.db"}
    rules: list[Rule] = list(create_app(from_environment(never_opened)).url_map.iter_rules())
    pairs = ((method, rule) for rule in rules for method in rule.methods or ())
    return sorted((method, rule.rule, rule.endpoint) for method, rule in pairs if method not in {"HEAD", "OPTIONS"})


RULES = _rules()
PATH_TYPES = path_types()
KEYED = [each for each in RULES if POLICIES.get(each[2]) and POLICIES[each[2]].who == "key"]
VISITS = [each for each in RULES if POLICIES.get(each[2]) and POLICIES[each[2]].who == "visit"]


@dataclass(frozen=True)
class Victim:
    """An example of every type that a route can name, all of one customer with a canary in each text."""

    ids: dict[str, str]
    customer: Customer

    @property
    def year(self) -> str:
        """The one that has documents of the victim."""
        return str(zones.day_of(clock.now(), zones.DEFAULT).year)

    def path(self, rule: str) -> str:
        """The rule filled with the victim's own ids."""
        filled = rule.replace("<customer>", self.customer.id)
        filled = filled.replace("<year>", self.year).replace("<period>", self.year)
        for name in ("<id>", "<tax_id>"):
            before, named, after = filled.partition(f"/{name}")
            filled = f"{before}/{self.ids[_type_below(rule, name)]}{after}" if named else filled
        return filled


def _type_below(rule: str, name: str) -> str:
    """The type of the object that a rule names: by the path of the API, or by the word before it in that of a page."""
    before = rule.partition(f"/{name}")[0]
    if before.startswith("/v1/"):
        return PATH_TYPES[before.removeprefix("/v1")]
    word = before.rpartition("/")[2].replace("-", "_").removesuffix("s")
    return {"session": "billing_portal.session"}.get(word, word)


@pytest.fixture
def victim(make: Factories, api: Api) -> Victim:
    customer = make.customer(name=CANARY, email="canary-7f3a@example.com", description=CANARY)
    scene = Scene(make, api, customer, CANARY)
    return Victim({type: example(scene) for type, example in EXAMPLES.items()}, customer)


@pytest.fixture
def untouched(database: Database, scope: Scope) -> Callable[[], dict[str, Any]]:
    """Every row of the victim's tenant, to be compared before and after."""

    def snapshot() -> dict[str, Any]:
        rows = {}
        with database.reader.connect() as connection:
            for mapper in Base.registry.mappers:
                table: Any = mapper.local_table
                if issubclass(mapper.class_, TenantOwned):
                    mine = select(table).where(table.c.tenant_id == scope.tenant_id).order_by(table.c.id)
                    rows[table.name] = [tuple(map(str, row)) for row in connection.execute(mine)]
        return rows

    return snapshot


def _no_canary(answer: TestResponse) -> None:
    everything = answer.get_data() + str(answer.headers).encode()
    assert CANARY.encode() not in everything
    assert b"canary-7f3a" not in everything


def test_every_route_declares_who_may_come() -> None:
    without = {endpoint for _, _, endpoint in RULES} - set(POLICIES)
    assert not without, f"{without} declare no policy: use `page.page`, or `policies.declare_policy`"


@pytest.mark.parametrize(("method", "rule", "endpoint"), KEYED)
def test_a_call_without_a_key_is_401(client: FlaskClient, method: str, rule: str, endpoint: str) -> None:
    answer = client.open(rule.replace("<", "").replace(">", ""), method=method)
    assert answer.status_code == 401


def test_another_account_and_another_mode_see_nothing(
    app: Flask, database: Database, merchant: NewAccount, victim: Victim, untouched: Callable[[], Any]
) -> None:
    before = untouched()
    with database.writing() as db:
        stranger = new_accounts.create(db, CreateAccount("Stranger"), now=clock.now())
    for key in (stranger.test_key, stranger.live_key, merchant.live_key):
        for method, rule, _ in KEYED:
            path = victim.path(rule).removeprefix("/v1/")
            answer = Api(app.test_client(), key).request(method, path)
            own_account = key == merchant.live_key and "account" in rule
            assert own_account or answer.status_code in ({404, 400} if "<" in rule else {200, 400}), (method, rule)
            _no_canary(answer)
    assert untouched() == before


@pytest.mark.parametrize(("method", "rule", "endpoint"), VISITS)
def test_a_page_without_a_session_is_410(client: FlaskClient, method: str, rule: str, endpoint: str) -> None:
    path = rule.replace("<session_id>", "bps_unknown").replace("<", "").replace(">", "")
    assert client.open(path, method=method, base_url=SECURE).status_code == 410


def test_another_customer_sees_nothing(
    app: Flask, make: Factories, victim: Victim, untouched: Callable[[], Any], portal: Callable[..., Portal]
) -> None:
    theirs = portal(victim.customer, make.configuration())
    stranger = portal(make.customer(), make.configuration(**CHANGES))
    token = stranger.token()
    before = untouched()
    for method, rule, endpoint in VISITS:
        own = victim.path(rule).replace("<session_id>", stranger.session_id)
        if endpoint != "departure.sign_out":
            answer = stranger.client.open(own, method=method, base_url=SECURE, data={"csrf_token": token})
            assert answer.status_code < 500, (method, rule)
            assert "<id>" not in rule or answer.status_code == 404, (method, rule)
            _no_canary(answer)
        foreign = victim.path(rule).replace("<session_id>", theirs.session_id)
        answer = stranger.client.open(foreign, method=method, base_url=SECURE, data={"csrf_token": token})
        assert answer.status_code == 410, (method, rule)
        _no_canary(answer)
    changed = {table for table, rows in untouched().items() if rows != before[table]}
    assert changed <= {"portal_sessions"}


def test_another_accounts_customer_sees_nothing(
    app: Flask, database: Database, make: Factories, victim: Victim, portal: Callable[..., Portal]
) -> None:
    with database.writing() as db:
        other = new_accounts.create(db, CreateAccount("Stranger"), now=clock.now())
    elsewhere = Factories(database, Scope(other.test.id, other.account.id, livemode=False))
    stranger = Portal.opened(app, elsewhere, elsewhere.customer(), elsewhere.configuration(**CHANGES))
    token = stranger.token()
    for method, rule, _ in VISITS:
        if "<id>" in rule or "<tax_id>" in rule:
            path = victim.path(rule).replace("<session_id>", stranger.session_id)
            answer = stranger.client.open(path, method=method, base_url=SECURE, data={"csrf_token": token})
            assert answer.status_code == 404, (method, rule)
            _no_canary(answer)


#: Whatever a configuration can allow.
EVERYTHING: dict[str, Any] = {
    **CHANGES,
    "contacts": {"enabled": True},
    "invoice_correction": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "payment_calendar": {"enabled": True},
    "quotes": {"enabled": True},
    "spending": {"enabled": True},
    "subscription_pause": {"enabled": True},
    "subscription_withdrawal": {"enabled": True},
    "visits": {"enabled": True},
}
#: What posts to by those who only read: they sign out, end their own visits, and have files made.
READERS_POST = {"departure.sign_out", "downloads.prepare", "own_visits.end", "own_visits.end_others"}
#: What a billing manager may not open although an owner may.
OWNERS_ONLY = {"contacts", "email_change"}


def _contact(api: Api, victim: Victim, role: str) -> str:
    sent = {"email": f"{role}@example.com", "role": role}
    return str(api.post(f"customers/{victim.customer.id}/contacts", **sent)["id"])


def _opened(visitor: Portal, path: str, method: str, token: str) -> int:
    """The status of a route; what it changes stays within the test."""
    answer = visitor.client.open(path, method=method, base_url=SECURE, data={"csrf_token": token})
    return answer.status_code


def test_an_accountant_changes_nothing_on_any_route(
    make: Factories, api: Api, victim: Victim, untouched: Callable[[], Any], portal: Callable[..., Portal]
) -> None:
    debits.begin_collecting(make)
    visitor = portal(victim.customer, make.configuration(**EVERYTHING), contact=_contact(api, victim, "accountant"))
    token, before = visitor.token(), untouched()
    for method, rule, endpoint in VISITS:
        path = victim.path(rule).replace("<session_id>", visitor.session_id)
        if method != "GET" and endpoint not in READERS_POST:
            assert _opened(visitor, path, method, token) == 404, (method, rule)
        elif method == "GET":
            assert _opened(visitor, path, method, token) in {200, 302, 303, 404}, (method, rule)
    changed = {table for table, rows in untouched().items() if rows != before[table]}
    assert changed <= {"documents", "portal_sessions"}


def test_a_billing_manager_opens_all_but_people_and_the_email_address(
    make: Factories, api: Api, victim: Victim, portal: Callable[..., Portal]
) -> None:
    debits.begin_collecting(make)
    manager, owner = (
        portal(victim.customer, make.configuration(**EVERYTHING), contact=_contact(api, victim, role))
        for role in ("billing_manager", "owner")
    )
    for method, rule, endpoint in VISITS:
        if method == "GET":
            statuses = [
                _opened(visitor, victim.path(rule).replace("<session_id>", visitor.session_id), method, "")
                for visitor in (manager, owner)
            ]
            mine = [404] if endpoint.partition(".")[0] in OWNERS_ONLY else statuses[1:]
            assert statuses[:1] == mine, (method, rule, statuses)
    token = manager.token()
    for method, rule, endpoint in VISITS:
        if method == "POST" and endpoint.partition(".")[0] in OWNERS_ONLY:
            path = victim.path(rule).replace("<session_id>", manager.session_id)
            assert _opened(manager, path, method, token) == 404, (method, rule)


def test_a_contact_who_is_gone_opens_nothing(
    make: Factories, api: Api, victim: Victim, portal: Callable[..., Portal]
) -> None:
    contact = _contact(api, victim, "owner")
    visitor = portal(victim.customer, make.configuration(**EVERYTHING), contact=contact)
    api.delete(f"customers/{victim.customer.id}/contacts/{contact}")
    for method, rule, _ in VISITS:
        path = victim.path(rule).replace("<session_id>", visitor.session_id)
        assert _opened(visitor, path, method, "") == 410, (method, rule)


def test_what_is_switched_off_does_not_exist(make: Factories, victim: Victim, portal: Callable[..., Portal]) -> None:
    off = {"enabled": False}
    closed = make.configuration(customer_update=off, invoice_history=off, subscription_cancel=off)
    visitor = portal(victim.customer, closed)
    token = visitor.token()
    for method, rule, endpoint in VISITS:
        if POLICIES[endpoint].allows not in {None, permissions.may_act}:
            path = victim.path(rule).replace("<session_id>", visitor.session_id)
            answer = visitor.client.open(path, method=method, base_url=SECURE, data={"csrf_token": token})
            assert answer.status_code == 404, (method, rule)


def test_a_flow_reaches_only_its_own_pages(make: Factories, victim: Victim, portal: Callable[..., Portal]) -> None:
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": victim.ids["subscription"]}}
    visitor = portal(victim.customer, make.configuration(), flow_data=flow)
    for method, rule, endpoint in VISITS:
        if "subscription_cancel" not in POLICIES[endpoint].flows and method == "GET":
            path = victim.path(rule).replace("<session_id>", visitor.session_id)
            assert visitor.client.get(path, base_url=SECURE).status_code == 404, rule


@pytest.mark.parametrize("ending", ["idle", "absolute", "revoked", "customer deleted"])
def test_an_ended_session_opens_nothing(
    make: Factories, api: Api, victim: Victim, portal: Callable[..., Portal], ending: str
) -> None:
    visitor = portal(victim.customer, make.configuration())
    after = {"idle": 1801, "absolute": 4 * 3600 + 1}.get(ending, 0)
    if ending == "revoked":
        api.post(f"billing_portal/sessions/{visitor.session_id}/expire")
    if ending == "customer deleted":
        api.delete(f"customers/{victim.customer.id}")
    with clock.hold_at(clock.now() + after):
        for method, rule, _ in VISITS:
            path = victim.path(rule).replace("<session_id>", visitor.session_id)
            answer = visitor.client.open(path, method=method, base_url=SECURE)
            assert answer.status_code == 410, (method, rule)
            _no_canary(answer)


@pytest.mark.parametrize(("method", "rule", "endpoint"), [each for each in VISITS if each[0] == "POST"])
def test_a_post_without_our_token_or_from_elsewhere_is_refused(
    make: Factories, victim: Victim, portal: Callable[..., Portal], method: str, rule: str, endpoint: str
) -> None:
    visitor = portal(victim.customer, make.configuration())
    path = victim.path(rule).replace("<session_id>", visitor.session_id)
    post = visitor.client.post
    token = {"csrf_token": visitor.token()}
    assert post(path, base_url=SECURE).status_code == 400
    assert post(path, base_url=SECURE, data=token, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert post(path, base_url=SECURE, data=token, headers={"Origin": "https://evil.example"}).status_code == 400


def test_two_sessions_in_one_browser_do_not_mix(app: Flask, make: Factories) -> None:
    first, second = make.customer(name="Ada Lovelace"), make.customer(name="Grace Hopper")
    browser = app.test_client()
    pages = [follow_portal_link(browser, make.portal_link(each)).location for each in (first, second)]
    assert "Ada Lovelace" in browser.get(pages[0], base_url=SECURE).get_data(as_text=True)
    assert "Grace Hopper" in browser.get(pages[1], base_url=SECURE).get_data(as_text=True)
