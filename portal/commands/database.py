"""`portal db`: brings the schema up to date, or tells whether it is."""

import click

from portal.commands.environment import exit_with_error, load_settings, open_database, upgrade_schema


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    upgrade_schema(load_settings())
    click.echo("The schema is current.")


@db.command()
def check() -> None:
    """Tell whether the schema is current; exits with 1 when it is not."""
    from portal import schema

    if lack := schema.explain_lack(open_database(load_settings())):
        exit_with_error(lack)
    click.echo("The schema is current.")
