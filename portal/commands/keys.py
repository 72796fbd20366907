"""`portal key`: lists, rolls and revokes the API keys of an account."""

from typing import Any

import click

from portal.commands.environment import exit_with_error
from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION


@click.group()
def key() -> None:
    """API keys of an account."""


@key.command("list")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.pass_obj
def list_keys(open_database: Any, account_id: str, live: bool) -> None:
    """List keys by their first and last characters."""
    from portal import clock
    from portal.billing.accounts import accounts, keys

    with open_database().reading() as session:
        for each in keys.list_for_tenant(session, accounts.find_tenant(session, account_id, livemode=live)):
            ended = each.expires_at is not None and each.expires_at <= clock.now()
            used = clock.utc_datetime(each.last_used_at).isoformat() if each.last_used_at else "never used"
            click.echo(f"{each.id}  {each.hint}  {'revoked' if ended else 'active'}  {used}")


@key.command("roll")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--overlap", default=0, show_default=True, help="Hours for which the old keys still work, at most 168.")
@click.pass_obj
def roll_key(open_database: Any, account_id: str, live: bool, overlap: int) -> None:
    """Print a new key and let the old ones end."""
    from portal import clock
    from portal.billing.accounts import accounts, keys

    if not 0 <= overlap <= 168:
        exit_with_error("--overlap is 0 to 168 hours.")
    with open_database().writing() as session:
        tenant = accounts.find_tenant(session, account_id, livemode=live)
        secret = keys.roll(session, tenant, overlap=overlap * clock.HOUR, now=clock.now())
    click.echo(secret)


@key.command("revoke")
@click.argument("key_id")
@click.pass_obj
def revoke_key(open_database: Any, key_id: str) -> None:
    """End a key at once, by its id from `portal key list`."""
    from portal import clock
    from portal.billing.accounts import keys

    with open_database().writing() as session:
        revoked = keys.revoke(session, key_id, now=clock.now())
    click.echo(f"{revoked.id} {revoked.hint} is revoked.")
