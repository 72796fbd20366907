"""The operator's `portal` command: parses arguments, calls a use case and prints the result."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount, NewAccount
from portal.commands import accounts as account_commands
from portal.commands import audit, documents, templates, transfer, webhooks
from portal.commands import mail as mail_commands

if TYPE_CHECKING:
    from portal.db import Database
    from portal.settings import Settings


@click.group()
@click.version_option(package_name="billing-portal")
@click.pass_context
def main(context: click.Context) -> None:
    """A self-hosted customer billing portal. Settings come from PORTAL_* variables; see `portal doctor`."""
    context.obj = lambda: _open_database(_load_settings())


main.add_command(audit.show_audit)
main.add_command(documents.documents)
main.add_command(mail_commands.mail)
main.add_command(templates.templates)
main.add_command(transfer.import_file)
main.add_command(transfer.export_file)
main.add_command(webhooks.webhooks)
main.add_command(webhooks.events)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; one per core by default.")
@click.option("--with-demo", is_flag=True, help="Bring the schema up to date, make the demo data, print ways in.")
def serve(host: str, port: int, workers: int | None, with_demo: bool) -> None:
    """Run the production server; with the embedded database also the worker."""
    from portal import monitoring

    settings = _load_settings()
    monitoring.share_between_processes(settings)
    from portal import server

    if with_demo or settings.database_url.startswith("sqlite"):
        _upgrade_schema(_open_database(settings))
    when_up = (lambda: _print_demo_addresses(settings)) if with_demo else None
    try:
        server.serve(settings, host=host, port=port, workers=workers, when_up=when_up)
    except server.PortTaken as error:
        _exit_with_error(str(error))


@main.command()
@click.option("--once", is_flag=True, help="Do what is due and end.")
def worker(once: bool) -> None:
    """Run the jobs: mails, webhooks, renewals, documents, and forgetting what has run out."""
    from portal import clock, logs, monitoring
    from portal import worker as jobs
    from portal.assembly import assemble_services
    from portal.origins import Origin

    settings = _load_settings()
    settings.instance.mkdir(parents=True, exist_ok=True)
    logs.configure(settings.log_format)
    monitoring.start_server(settings)
    services = assemble_services(settings, pool_size=2, origin=Origin("worker"))
    if not once:
        return jobs.run(services)
    for name, done in jobs.run_once(services, now=clock.now()).items():
        click.echo(f"{name:<12} {done}")
    return None


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    _upgrade_schema(_open_database(_load_settings()))
    click.echo("The schema is current.")


@db.command()
def check() -> None:
    """Tell whether the schema is current; exits with 1 when it is not."""
    from portal import schema

    database = _open_database(_load_settings())
    if not schema.is_current(database):
        _exit_with_error(
            f"The schema is at {schema.current_revision(database)}, "
            f"this program needs {schema.head_revision()}: portal db upgrade"
        )
    click.echo("The schema is current.")


@main.group()
def account() -> None:
    """Merchant accounts."""


account.add_command(account_commands.show_account)
account.add_command(account_commands.change_account)


@account.command("create")
@click.argument("name")
@click.option("--country", default="US", show_default=True, help="Two-letter country of the merchant.")
@click.option("--currency", help="What it bills in; else the currency of its country.")
@click.option("--email", help="The merchant's own address.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create_account(name: str, country: str, currency: str | None, email: str | None, as_json: bool) -> None:
    """Make an account and print its two keys, which are never shown again."""
    from portal import clock
    from portal.rules.tax_currencies import currency_of_country

    currency = currency or currency_of_country(country.upper()) or "usd"
    command = CreateAccount(name, country.upper(), email, currency.lower())
    with _open_database(_load_settings()).writing() as session:
        new = new_accounts.create(session, command, now=clock.now())
    _print_values(_account_keys(new), as_json)


@main.group()
def key() -> None:
    """API keys of an account."""


_ACCOUNT_OPTION = click.option("--account", "account_id", required=True, help="The account's id.")
_LIVE_OPTION = click.option("--live", is_flag=True, help="Live mode instead of test mode.")


@key.command("list")
@_ACCOUNT_OPTION
@_LIVE_OPTION
def list_keys(account_id: str, live: bool) -> None:
    """List keys by their first and last characters."""
    from portal import clock
    from portal.billing.accounts import accounts, keys

    with _open_database(_load_settings()).reading() as session:
        for each in keys.list_for_tenant(
            session, _call_or_exit(accounts.find_tenant, session, account_id, livemode=live)
        ):
            ended = each.expires_at is not None and each.expires_at <= clock.now()
            used = clock.utc_datetime(each.last_used_at).isoformat() if each.last_used_at else "never used"
            click.echo(f"{each.id}  {each.hint}  {'revoked' if ended else 'active'}  {used}")


@key.command("roll")
@_ACCOUNT_OPTION
@_LIVE_OPTION
@click.option("--overlap", default=0, show_default=True, help="Hours for which the old keys still work, at most 168.")
def roll_key(account_id: str, live: bool, overlap: int) -> None:
    """Print a new key and let the old ones end."""
    from portal import clock
    from portal.billing.accounts import accounts, keys

    if not 0 <= overlap <= 168:
        _exit_with_error("--overlap is 0 to 168 hours.")
    with _open_database(_load_settings()).writing() as session:
        tenant = _call_or_exit(accounts.find_tenant, session, account_id, livemode=live)
        secret = keys.roll(session, tenant, overlap=overlap * clock.HOUR, now=clock.now())
    click.echo(secret)


@key.command("revoke")
@click.argument("key_id")
def revoke_key(key_id: str) -> None:
    """End a key at once, by its id from `portal key list`."""
    from portal import clock
    from portal.billing.accounts import keys

    with _open_database(_load_settings()).writing() as session:
        revoked = _call_or_exit(keys.revoke, session, key_id, now=clock.now())
    click.echo(f"{revoked.id} {revoked.hint} is revoked.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def demo(as_json: bool) -> None:
    """Make a demo merchant with customers and a year of invoices, once; print a fresh portal link."""
    settings = _load_settings()
    _refuse_demo_in_production(settings)
    database = _open_database(settings)
    _upgrade_schema(database)
    _print_values(_ensure_demo_data(settings, database), as_json)


@main.command()
def doctor() -> None:
    """Check this deployment and explain every setting; exits with 1 when a check fails."""
    from portal import doctor as checks
    from portal.settings import describe_variables

    settings = _load_settings()
    for name, words in describe_variables():
        click.echo(f"{name:<30} {words}")
    failed = False
    for each in checks.run_checks(settings):
        failed |= not each.passed
        click.echo(f"{'ok  ' if each.passed else 'FAIL'} {each.name}: {each.words}")
    if failed:
        sys.exit(1)


def _load_settings() -> Settings:
    from portal.settings import InvalidSetting, from_environment

    try:
        return from_environment()
    except InvalidSetting as error:
        _exit_with_error(str(error))
        raise


def _open_database(settings: Settings) -> Database:
    from portal.assembly import assemble_services

    settings.instance.mkdir(parents=True, exist_ok=True)
    return assemble_services(settings, pool_size=2).database


def _upgrade_schema(database: Database) -> None:
    from portal import schema

    schema.upgrade(database)


def _call_or_exit(function: Any, *arguments: Any, **options: Any) -> Any:
    """Call a use case. On a `PortalError` print its message in one line and exit with 1."""
    from portal.errors import PortalError

    try:
        return function(*arguments, **options)
    except PortalError as error:
        return _exit_with_error(error.message)


def _ensure_demo_data(settings: Settings, database: Database) -> dict[str, str]:
    from portal import demo as data

    return data.ensure_merchant(settings, database)


def _print_demo_addresses(settings: Settings) -> None:
    database = _open_database(settings)
    made = _ensure_demo_data(settings, database)
    database.dispose()
    click.echo(
        f"\n  The portal runs. Ctrl-C stops it.\n\n"
        f"  Sample shop    {settings.base_url}/demo\n"
        f"  Portal link    {made['portal_url']}\n"
        f"                 (for one visit within the hour; the shop makes new ones)\n\n"
        f"  API            curl {settings.base_url}/v1/customers -u {made['test_key']}:\n"
    )


def _account_keys(new: NewAccount) -> dict[str, str]:
    return {"account": new.account.id, "test_key": new.test_key, "live_key": new.live_key}


def _print_values(values: dict[str, str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name:<12} {value}")


def _refuse_demo_in_production(settings: Settings) -> None:
    if settings.production:
        _exit_with_error("The demo does not go with PORTAL_PRODUCTION.")


def _exit_with_error(words: str) -> None:
    click.echo(words, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
