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

    database = open_database(load_settings())
    if not schema.is_current(database):
        exit_with_error(
            f"The schema is at {schema.current_revision(database)}, "
            f"this program needs {schema.head_revision()}: portal db upgrade"
        )
    click.echo("The schema is current.")
