"""`portal provider`: gives the portal what it needs to speak to an account's payment provider."""

from typing import Any

import click

from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, writing


@click.group()
def provider() -> None:
    """The payment provider of an account."""


@provider.command("stripe")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option(
    "--key",
    prompt="Secret key",
    hide_input=True,
    envvar="STRIPE_SECRET_KEY",
    help="Else STRIPE_SECRET_KEY, or asked for.",
)
@click.option(
    "--signing-secret",
    prompt="Signing secret of the webhook",
    hide_input=True,
    envvar="STRIPE_WEBHOOK_SECRET",
    help="Else STRIPE_WEBHOOK_SECRET, or asked for.",
)
@click.pass_obj
def give_stripe(open_database: Any, account_id: str, live: bool, key: str, signing_secret: str) -> None:
    """Have Stripe charge cards for an account in one mode.

    Keys are stored encrypted and never shown again. Calling it again replaces them.
    """
    from portal.billing.accounts import provider_access
    from portal.commands.environment import build_own_seal
    from portal.providers.interface import Access
    from portal.providers.stripe_client import find_client

    find_client()
    access = Access(key.strip(), signing_secret.strip())
    with writing(open_database(), account_id, live) as db:
        provider_access.give_access(db, "stripe", access, seal=build_own_seal())
    click.echo(f"Stripe charges the cards of {account_id} in {'live' if live else 'test'} mode.")
