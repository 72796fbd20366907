"""`portal account`: makes and lists merchants; shows and sets time zone, bank details, numbering and e-invoices."""

from collections.abc import Iterator
from typing import Any

import click

from portal.commands.environment import print_rows, print_values
from portal.commands.options import JSON_OPTION, find_scope, writing

_FORMATS = click.Choice(["factur_x", "peppol", "xrechnung"])
_ACCOUNT_ARGUMENT = click.argument("account_id")
_ZONE_OPTION = click.option("--timezone", help="Where its calendar days are, such as Europe/Berlin; else UTC.")
_LIVE_OPTION = click.option("--live", is_flag=True, help="Live mode: its own tax IDs and its own sequence of numbers.")


@click.group()
def account() -> None:
    """Merchant accounts."""


@account.command("create")
@click.argument("name")
@click.option("--country", default="US", show_default=True, help="Two-letter country of the merchant.")
@click.option("--currency", help="What it bills in; else the currency of its country.")
@click.option("--email", help="The merchant's own address.")
@_ZONE_OPTION
@JSON_OPTION
@click.pass_obj
def create_account(
    open_database: Any,
    name: str,
    country: str,
    currency: str | None,
    email: str | None,
    timezone: str | None,
    as_json: bool,
) -> None:
    """Make an account and print its two keys.

    The keys are never shown again.
    """
    from portal import clock
    from portal.billing.accounts import new_accounts
    from portal.billing.accounts.account_updates import UpdateAccount, update_account
    from portal.billing.accounts.new_accounts import CreateAccount
    from portal.wire.commands import parse_command

    command = CreateAccount(name, country.upper(), email, currency.lower() if currency else None)
    # accounts from before this switch go on without it (ADR 0037)
    settings = {"emails": {"invoices": True}, **(_zone_settings(timezone) if timezone else {})}
    said = parse_command(UpdateAccount, {"settings": settings})
    with open_database().writing() as session:
        new = new_accounts.create(session, command, now=clock.now())
        update_account(session, new.account, said)
    made = {"account": new.account.id, "test_key": new.test_key, "live_key": new.live_key}
    print_values(made, as_json=as_json)


@account.command("list")
@JSON_OPTION
@click.pass_obj
def list_accounts(open_database: Any, as_json: bool) -> None:
    """List the accounts: id, country, currency and name."""
    from portal.billing.accounts import accounts

    with open_database().reading() as db:
        found = accounts.list_accounts(db)
    rows = [
        {
            "id": each.id,
            "country": each.country,
            "currency": each.default_currency,
            "name": each.business_profile.get("name") or "-",
        }
        for each in found
    ]
    print_rows(rows, as_json=as_json)
    if not rows:
        click.echo("There is no account yet: portal account create NAME", err=True)


@account.command("show")
@_ACCOUNT_ARGUMENT
@_LIVE_OPTION
@click.pass_obj
def show_account(open_database: Any, account_id: str, live: bool) -> None:
    """Tell time zone, bank details, footer, numbering and e-invoices.

    Says what the account lacks for e-invoices, too.
    """
    database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        for name, value in _account_details(db, account_id):
            click.echo(f"{name:<12} {value}")


@account.command("set")
@_ACCOUNT_ARGUMENT
@_LIVE_OPTION
@_ZONE_OPTION
@click.option("--iban", help="Where customers pay by bank; '' takes it off.")
@click.option("--bic", help="The bank of the IBAN, where it is asked for.")
@click.option("--holder", help="Whose account that is; else the company's name.")
@click.option("--footer", help="What stands below documents whose invoice brings no footer; '' takes it off.")
@click.option(
    "--numbering", type=click.Choice(["account", "customer"]), help="One sequence of numbers, or each customer's."
)
@click.option("--prefix", help="What stands before the account's numbers.")
@click.option(
    "--next", "following", type=int, help="The account's next number in this mode, to go on from another system."
)
@click.option(
    "--tax-rounding",
    type=click.Choice(["per_invoice", "per_line"]),
    help="Round tax once for each rate of an invoice, or on each line.",
)
@click.option(
    "--rate-limit",
    type=click.IntRange(-1, 100_000),
    help="Reads, and as many writes, of each key in this mode in a second; 0: any number; -1: as the settings say.",
)
@click.option("--e-invoices", "formats", type=_FORMATS, multiple=True, help="A format of e-invoices; once for each.")
@click.pass_obj
def change_account(open_database: Any, /, account_id: str, live: bool, formats: tuple[str, ...], **said: Any) -> None:
    """Change time zone, bank details, footer, numbering and e-invoices.

    What is not named stays.
    """
    from portal.billing.accounts import accounts, keys
    from portal.billing.accounts.account_updates import UpdateAccount, update_account
    from portal.wire.commands import parse_command

    bank = _without_none(iban=said["iban"], bic=said["bic"], holder=said["holder"])
    numbering = _without_none(scheme=said["numbering"], prefix=said["prefix"], next_sequence=said["following"])
    invoices = _without_none(
        bank_transfer=bank or None,
        numbering=numbering or None,
        e_invoices={"formats": list(formats)} if formats else None,
        footer=said["footer"],
        tax_rounding=said["tax_rounding"],
    )
    sent = {"invoices": invoices} if invoices else {}
    if said["timezone"] is not None:
        sent |= _zone_settings(said["timezone"])
    if not sent and said["rate_limit"] is None:
        raise click.UsageError("Nothing to change: name what is to be set.")
    with writing(open_database(), account_id, live) as db:
        command = parse_command(UpdateAccount, {"settings": sent})
        update_account(db, accounts.find_account(db, account_id), command)
        if said["rate_limit"] is not None:
            keys.limit_rate(db, said["rate_limit"])
    click.echo(f"{account_id} is changed. Documents that were finalized before stay as they are.")


def _zone_settings(timezone: str) -> dict[str, Any]:
    return {"dashboard": {"timezone": timezone}}


def _without_none(**said: Any) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None}


def _account_details(db: Any, account_id: str) -> Iterator[tuple[str, str]]:
    from portal.billing.accounts import accounts, numbers
    from portal.billing.ledger import parties, totals
    from portal.documents.xml import offers

    account = accounts.find_account(db, account_id)
    seller = parties.seller(db, None)
    yield "account", account.id
    yield "name", seller["name"] or "-"
    yield "timezone", seller["timezone"]
    for key in ("iban", "bic", "holder"):
        yield key, (seller["bank_transfer"] or {}).get(key) or "-"
    yield "footer", " / ".join((seller["footer"] or "-").splitlines())
    numbering = numbers.account_numbering(db)
    yield "numbering", numbering["scheme"]
    yield "prefix", numbering["prefix"]
    yield "rounding", f"tax {totals.find_rounding(db).replace('_', ' ')}"
    yield "e-invoices", ", ".join(offers.seller_formats(seller))
    yield "lacking", ", ".join(offers.seller_gaps(seller)) or "nothing"
