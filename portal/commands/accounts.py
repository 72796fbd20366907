"""`portal account show` and `portal account set`: bank details, invoice numbering and e-invoices of a merchant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from portal.billing.accounts import account_updates
from portal.billing.accounts.account_updates import UpdateAccount
from portal.commands.transfer import find_scope

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_FORMATS = click.Choice(["factur_x", "peppol", "xrechnung"])
_ACCOUNT_ARGUMENT = click.argument("account_id")
_LIVE_OPTION = click.option("--live", is_flag=True, help="Live mode: its own tax IDs and its own sequence of numbers.")


@click.command("show")
@_ACCOUNT_ARGUMENT
@_LIVE_OPTION
@click.pass_obj
def show_account(open_database: Any, account_id: str, live: bool) -> None:
    """Tell bank details, footer, numbering and e-invoices, and what the account lacks for these."""
    database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        for name, value in _account_details(db, account_id):
            click.echo(f"{name:<12} {value}")


@click.command("set")
@_ACCOUNT_ARGUMENT
@_LIVE_OPTION
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
@click.option("--e-invoices", "formats", type=_FORMATS, multiple=True, help="A format of e-invoices; once for each.")
@click.pass_obj
def change_account(open_database: Any, /, account_id: str, live: bool, formats: tuple[str, ...], **said: Any) -> None:
    """Change bank details, footer, numbering and e-invoices; what is not named stays."""
    from portal.billing.accounts import accounts
    from portal.errors import PortalError
    from portal.wire.commands import parse_command

    bank = _without_none(iban=said["iban"], bic=said["bic"], holder=said["holder"])
    numbering = _without_none(scheme=said["numbering"], prefix=said["prefix"], next_sequence=said["following"])
    sent = _without_none(
        bank_transfer=bank or None,
        numbering=numbering or None,
        e_invoices={"formats": list(formats)} if formats else None,
        footer=said["footer"],
    )
    if not sent:
        raise click.UsageError("Nothing to change: name what is to be set.")
    database = open_database()
    try:
        with database.writing(find_scope(database, account_id, live)) as db:
            command = parse_command(UpdateAccount, {"settings": {"invoices": sent}})
            account_updates.update_account(db, accounts.find_account(db, account_id), command)
    except PortalError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"{account_id} is changed. Documents that were finalized before stay as they are.")


def _without_none(**said: Any) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None}


def _account_details(db: Session, account_id: str) -> Iterator[tuple[str, str]]:
    from portal.billing.accounts import accounts, numbers
    from portal.billing.ledger import parties
    from portal.documents.xml import offers

    account = accounts.find_account(db, account_id)
    seller = parties.seller(db, None)
    yield "account", account.id
    yield "name", seller["name"] or "-"
    for key in ("iban", "bic", "holder"):
        yield key, (seller["bank_transfer"] or {}).get(key) or "-"
    yield "footer", " / ".join((seller["footer"] or "-").splitlines())
    numbering = numbers.account_numbering(db)
    yield "numbering", numbering["scheme"]
    yield "prefix", numbering["prefix"]
    yield "e-invoices", ", ".join(offers.seller_formats(seller))
    yield "lacking", ", ".join(offers.seller_gaps(seller)) or "nothing"
