"""`portal session`: opens the portal for a customer, as support staff need it."""

from typing import Any

import click

from portal.commands.environment import load_settings, print_values
from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, writing


@click.group()
def session() -> None:
    """Portal sessions of customers."""


@session.command("create")
@click.argument("customer_id", metavar="CUSTOMER")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--configuration", help="What the customer may do; else the account's default configuration.")
@click.option("--locale", help="The language, such as de; else the customer's own.")
@click.option("--return-url", help="Where the portal leads back to; else that of the configuration.")
@JSON_OPTION
@click.pass_obj
def create_session(
    open_database: Any, /, customer_id: str, account_id: str, live: bool, as_json: bool, **said: Any
) -> None:
    """Print a link that opens the portal for a customer.

    It opens once, within five minutes.
    """
    from portal import clock
    from portal.assembly import build_links
    from portal.billing.customer_portal import new_sessions
    from portal.billing.customer_portal.params import CreateSession
    from portal.wire.commands import parse_command

    sent = {"customer": customer_id, **{key: value for key, value in said.items() if value is not None}}
    command = parse_command(CreateSession, sent)
    with writing(open_database(), account_id, live) as db:
        new = new_sessions.create(db, command, now=clock.now())
        url = build_links(load_settings()).at(new.host).session(new.link_secret)
        print_values({"session": new.session.id, "url": url}, as_json=as_json)
