"""The operator's command, run as an operator runs it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import click
import pytest
import requests

from portal import create_app
from portal.cli import main
from portal.settings import describe_values, from_environment
from tests.clients import Api
from tests.live import free_port

TOP = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_BASE_URL": "http://localhost"}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portal.cli", *arguments]
        done = subprocess.run(command, cwd=TOP, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def test_a_new_account_can_call_the_api(run: Run, environment: dict[str, str]) -> None:
    run("db", "upgrade")
    made = json.loads(run("account", "create", "Acme", "--country", "de", "--json").stdout)
    client = create_app(from_environment(environment)).test_client()
    account = Api(client, made["live_key"]).get("account")
    assert (account["id"], account["country"], account["default_currency"]) == (made["account"], "DE", "eur")
    # what accounts from before this switch have off
    assert account["settings"]["emails"]["invoices"] is True


def test_keys_are_listed_rolled_and_revoked(run: Run, environment: dict[str, str]) -> None:
    run("db", "upgrade")
    made = json.loads(run("account", "create", "Acme", "--json").stdout)
    rolled = run("key", "roll", "--account", made["account"], "--overlap", "1").stdout.strip()
    client = create_app(from_environment(environment)).test_client()
    for key in (rolled, made["test_key"]):
        Api(client, key).get("account")
    for line in run("key", "list", "--account", made["account"]).stdout.splitlines():
        run("key", "revoke", line.split()[0])
    for key in (rolled, made["test_key"]):
        Api(client, key).error("GET", "account", 401)


def test_the_demo_is_made_once_and_its_link_opens(run: Run, environment: dict[str, str]) -> None:
    first, second = (json.loads(run("demo", "--json").stdout) for _ in range(2))
    assert first["account"] == second["account"]
    assert set(first) == {"account", "test_key", "customer", "portal_url"}
    client = create_app(from_environment(environment)).test_client()
    path = second["portal_url"].removeprefix("http://localhost")
    assert client.get(path, base_url="https://localhost").status_code == 303
    invoices = Api(client, first["test_key"]).get("invoices", limit=100)["data"]
    assert len(invoices) > 48
    assert {each["status"] for each in invoices} >= {"open", "paid", "void"}


def test_the_schema_is_checked(run: Run) -> None:
    assert "portal db upgrade" in run("db", "check", code=1).stderr
    run("db", "upgrade")
    run("db", "check")


def test_the_worker_forgets_and_ends(run: Run) -> None:
    run("db", "upgrade")
    lanes = "codes mails reminders webhooks alerts billing_alerts documents prune visits checkout notices"
    lanes += " renew failures bank bank_waiting payments refunds refund_files debits mandates clocks"
    assert run("worker", "--once").stdout.split() == [word for lane in lanes.split() for word in (lane, "0")]


def test_doctor_explains_every_setting_and_names_what_is_wrong(run: Run) -> None:
    out = run("doctor", code=1).stdout
    assert "PORTAL_TRUSTED_PROXIES" in out
    assert "FAIL schema: Behind this program: portal db upgrade" in out
    run("db", "upgrade")
    out = run("doctor").stdout
    assert "FAIL" not in out
    assert f"ok   time zones: tzdata {version('tzdata')}" in out


def test_doctor_finds_a_setting_that_was_mistyped(run: Run, environment: dict[str, str]) -> None:
    run("db", "upgrade")
    environment["PORTAL_BASE_UR"] = environment["PORTAL_WEBHOOK_SECRET"] = "x"
    assert (
        "FAIL PORTAL_BASE_UR: There is no such setting. Did you mean PORTAL_BASE_URL?" in run("doctor", code=1).stdout
    )
    del environment["PORTAL_BASE_UR"]
    run("doctor")


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        assert run("serve", "--port", str(port), code=1).stderr.startswith(f"Port {port} of 127.0.0.1 is taken")


def test_what_does_not_exist_is_told_in_one_line(run: Run) -> None:
    run("db", "upgrade")
    assert run("key", "list", "--account", "acct_none", code=1).stderr == "No such account: 'acct_none'\n"


def test_a_mail_can_be_looked_at_in_a_language(run: Run) -> None:
    assert "Ihr Code für Nordlicht Software" in run("mail", "preview", "login_code", "--locale", "de").stdout
    assert "login_code" in run("mail", "preview").stdout
    assert "There is no mail nonsense" in run("mail", "preview", "nonsense", code=1).stderr


def test_a_report_that_is_none_of_ours_is_taken_quietly(run: Run) -> None:
    assert run("mail", "bounce").stdout == "This is no report of a mail that was given up.\n"


def test_an_account_is_told_where_to_be_paid_and_how_to_number(run: Run, environment: dict[str, str]) -> None:
    run("db", "upgrade")
    made = json.loads(run("account", "create", "Acme", "--country", "de", "--json").stdout)
    id = made["account"]
    bank = ("--iban", "DE89 3704 0044 0532 0130 00", "--bic", "COBADEFFXXX", "--holder", "Acme GmbH")
    numbering = ("--numbering", "account", "--prefix", "ACME", "--next", "118")
    run("account", "set", id, *bank, *numbering, "--e-invoices", "factur_x", "--e-invoices", "xrechnung")
    run("account", "set", id, "--holder", "Acme Payments", "--footer", "Acme GmbH\nHRB 12345")
    told = dict(line.split(maxsplit=1) for line in run("account", "show", id).stdout.splitlines())
    assert (told["iban"], told["holder"]) == ("DE89370400440532013000", "Acme Payments")
    assert told["footer"] == "Acme GmbH / HRB 12345"
    assert (told["numbering"], told["prefix"]) == ("account", "ACME")
    assert told["e-invoices"] == "factur_x, xrechnung"
    assert told["lacking"].startswith("seller.address.line1, ")
    hint = next(line for line in run("doctor").stdout.splitlines() if f"{id} lacks" in line)
    assert "seller.contact" in hint
    api = Api(create_app(from_environment(environment)).test_client(), made["test_key"])
    settings = api.get("account")["settings"]["invoices"]
    assert settings["bank_transfer"]["bic"] == "COBADEFFXXX"
    draft = api.post("invoices", customer=api.post("customers", email="a@example.com")["id"], currency="eur")
    api.post("invoiceitems", customer=draft["customer"], invoice=draft["id"], amount=100, currency="eur")
    assert api.post(f"invoices/{draft['id']}/finalize")["number"].endswith("118")


def test_an_account_has_a_time_zone(run: Run) -> None:
    run("db", "upgrade")
    asked = ("account", "create", "Acme", "--json", "--timezone")
    assert "Invalid time zone: Mars/Base." in run(*asked, "Mars/Base", code=1).stderr
    assert run("account", "list").stdout == ""
    id = json.loads(run(*asked, "Europe/Berlin").stdout)["account"]
    assert "timezone     Europe/Berlin\n" in run("account", "show", id).stdout
    run("account", "set", id, "--timezone", "America/New_York")
    assert "timezone     America/New_York\n" in run("account", "show", id).stdout
    run("account", "set", id, "--timezone", "")
    assert "timezone     Etc/UTC\n" in run("account", "show", id).stdout


def test_what_an_account_can_not_be_told_changes_nothing(run: Run) -> None:
    run("db", "upgrade")
    id = json.loads(run("account", "create", "Acme", "--json").stdout)["account"]
    before = run("account", "show", id).stdout
    assert "IBAN" in run("account", "set", id, "--prefix", "ACME", "--iban", "DE00", code=1).stderr
    assert "Invalid time zone: Berlin." in run("account", "set", id, "--timezone", "Berlin", code=1).stderr
    assert "Nothing to change" in run("account", "set", id, code=2).stderr
    assert run("account", "show", id).stdout == before
    assert "acct_none" in run("account", "show", "acct_none", code=1).stderr


@pytest.mark.parametrize("command", [("account", "create", "Acme"), ("key", "list", "--account", "acct_1")])
def test_a_database_without_a_schema_is_told_in_one_line(run: Run, command: tuple[str, ...]) -> None:
    told = run(*command, code=1).stderr
    assert (told.count("\n"), told.startswith("The database has no schema yet")) == (1, True)
    assert told.endswith(": portal db upgrade\n")


def test_accounts_are_listed(run: Run) -> None:
    run("db", "upgrade")
    told = run("account", "list")
    assert (told.stdout, told.stderr) == ("", "There is no account yet: portal account create NAME\n")
    made = json.loads(run("account", "create", "Acme", "--country", "bg", "--json").stdout)
    assert run("account", "list").stdout == f"{made['account']}  BG  eur  Acme\n"
    (listed,) = json.loads(run("account", "list", "--json").stdout)
    assert listed == {"id": made["account"], "country": "BG", "currency": "eur", "name": "Acme"}
    assert run("webhooks", "list", "--account", made["account"]).stderr.startswith("No webhook endpoint in test mode")


def test_support_staff_open_the_portal_for_a_customer(run: Run, environment: dict[str, str]) -> None:
    run("db", "upgrade")
    made = json.loads(run("account", "create", "Acme", "--json").stdout)
    client = create_app(from_environment(environment)).test_client()
    customer = Api(client, made["test_key"]).post("customers", name="Jenny Rosen")["id"]
    asked = ("session", "create", customer, "--account", made["account"])
    new = json.loads(run(*asked, "--locale", "de", "--return-url", "https://example.com/", "--json").stdout)
    assert Api(client, made["test_key"]).get(f"billing_portal/sessions/{new['session']}")["locale"] == "de"
    page = client.get(new["url"].removeprefix("http://localhost"), base_url="https://localhost", follow_redirects=True)
    assert "Jenny Rosen" in page.get_data(as_text=True)
    assert run(*asked, "--locale", "tlh", code=1).stderr.startswith("Invalid locale")
    asked = ("session", "create", "cus_none", "--account", made["account"])
    assert run(*asked, code=1).stderr == "No such customer: 'cus_none'\n"


def test_the_demo_says_where_everything_is_and_keeps_it_private(
    run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["PORTAL_INSTANCE"] = str(tmp_path / "instance")
    with demo_running(environment) as (port, told):
        base = f"http://127.0.0.1:{port}"
        account = json.loads(run("account", "list", "--json").stdout)[0]["id"]
        for said in (f"{base}/demo\n", f"{base}/docs\n", f"{base}/mails ", f"portal account show {account}"):
            assert said in told
        check_shop(base)
        kept = [tmp_path / "instance", *(tmp_path / "instance").rglob("*")]
        names = {each.name for each in kept}
        assert {"portal.db", "portal.db-wal", "portal.db-shm", "demo.json", "secret_key"} <= names
        assert {each.name: oct(each.stat().st_mode & 0o077) for each in kept if each.stat().st_mode & 0o077} == {}
        del environment["PORTAL_BASE_URL"]
        for _ in range(20):
            found = run("doctor", code=1).stdout
            if "have waited for an hour" not in found:
                break  # the worker is through with what was due when it began
        assert f"FAIL base URL: Links lead to http://127.0.0.1:8000, but the server listens on port {port}: " in found
        assert f"export PORTAL_BASE_URL={base}\n" in found
        environment["PORTAL_BASE_URL"] = base
        assert f"ok   base URL: {base}\n" in run("doctor").stdout


def check_shop(base: str) -> None:
    """Each sample customer gets to their own portal, nobody else does, and every link leads somewhere."""
    page = requests.get(f"{base}/demo", timeout=30).text
    [link] = re.findall(r'href="([^"]+/pay/[^"]+)"', page)
    assert "tok_visa" in requests.get(link, timeout=30).text
    for link in re.findall(r'<a href="(/[^"]+)"', page):
        assert requests.get(base + link, timeout=30).status_code == 200
    found = re.findall(r'name="customer" value="(cus_\w+)"', page)
    assert len(found) == 4
    for id, status in (*((id, 303) for id in found), ("cus_other", 404)):
        data = {"customer": id}
        answer = requests.post(f"{base}/demo/manage-billing", data, allow_redirects=False, timeout=30)
        assert answer.status_code == status
        assert answer.headers.get("Location", "").startswith(f"{base}/p/session/") is (status == 303)


@contextmanager
def demo_running(environment: dict[str, str]) -> Iterator[tuple[int, str]]:
    """`portal serve --with-demo` on a port of its own, once it has said where everything is; with its words."""
    port = free_port()
    environment |= {"PORTAL_BASE_URL": f"http://127.0.0.1:{port}", "PORTAL_DEMO": "1"}
    command = [sys.executable, "-m", "portal.cli", "serve", "--with-demo", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(
        command,
        cwd=TOP,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    told = ""
    try:
        for line in server.stdout or ():
            told += line
            if "portal account show" in line:
                break
        yield port, told
    finally:
        server.terminate()
        server.communicate(timeout=30)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("postgresql://portal:secret@db/portal", "postgresql+psycopg://portal:***@db/portal"),
        ("postgresql://db/portal?password=secret", "postgresql+psycopg://db/portal?***"),
    ],
)
def test_values_of_settings_are_told_without_secrets(value: str, told: str, tmp_path: Path) -> None:
    secret = {"PORTAL_SECRET_KEY": "0123456789abcdef" * 2, "PORTAL_SMTP_URL": "smtp://a:secret@mail:587"}
    values = describe_values(
        from_environment({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_DATABASE_URL": value, **secret})
    )
    assert values["PORTAL_DATABASE_URL"] == told
    assert values["PORTAL_SECRET_KEY"] == values["PORTAL_SMTP_URL"] == "(set)"
    assert (values["PORTAL_PRODUCTION"], values["PORTAL_METRICS_BIND"]) == ("0", "-")


def test_a_command_of_the_database_alone_loads_nothing_of_pages_and_documents(
    run: Run, environment: dict[str, str]
) -> None:
    run("db", "upgrade")
    environment["PYTHONPROFILEIMPORTTIME"] = "1"
    loaded = {line.rpartition("|")[2].strip() for line in run("account", "list").stderr.splitlines()}
    assert "portal.models" in loaded
    assert loaded & {"flask", "pebble", "weasyprint", "portal.documents", "portal.hosted", "portal.transfer"} == set()
    mail = run("mail", "preview", "invoice").stderr
    loaded = {line.rpartition("|")[2].strip() for line in mail.splitlines()}
    assert "portal.outbox.previews" in loaded
    assert loaded & {"flask", "pebble", "sqlalchemy", "weasyprint"} == set()


def test_no_line_of_the_help_is_cut() -> None:
    def list_cut(group: click.Group, name: str) -> Iterator[str]:
        room = 80 - 2 - 6 - max(map(len, group.commands))
        for each, command in group.commands.items():
            if command.get_short_help_str(room).endswith("..."):
                yield f"{name} {each}"
            if isinstance(command, click.Group):
                yield from list_cut(command, f"{name} {each}")

    assert list(list_cut(main, "portal")) == []


def test_support_staff_see_a_configuration_and_switch_its_login_page(run: Run, environment: dict[str, str]) -> None:
    run("db", "upgrade")
    made = json.loads(run("account", "create", "Acme", "--json").stdout)
    own = ("--account", made["account"])
    api = Api(create_app(from_environment(environment)).test_client(), made["test_key"])
    features = {"invoice_history": {"enabled": True}, "payment_method_update": {"enabled": True}}
    id = api.post("billing_portal/configurations", name="Support", features=features)["id"]
    (default, listed) = json.loads(run("configuration", "list", *own, "--json").stdout)
    assert default["state"] == "default"
    assert listed == {"id": id, "state": "active", "login_page": "-", "name": "Support"}
    address = run("configuration", "set", id, *own, "--login-page").stdout.strip()
    assert api.get(f"billing_portal/configurations/{id}")["login_page"] == {"enabled": True, "url": address}
    shown = run("configuration", "show", id, *own).stdout
    assert address in shown
    assert "invoice_history        enabled\n" in shown
    assert "payment_method_update  enabled, needs settings[direct_debit]" in shown
    assert json.loads(run("configuration", "show", id, *own, "--json").stdout)["id"] == id
    assert "no login page any more" in run("configuration", "set", id, *own, "--no-login-page").stdout
    assert api.get(f"billing_portal/configurations/{id}")["login_page"]["enabled"] is False
    assert "No such configuration: 'bpc_none'" in run("configuration", "show", "bpc_none", *own, code=1).stderr
    assert f"payment_method_update of {id} has no effect" in run("doctor").stdout
    assert "2 objects written" in run("export", *own).stderr
