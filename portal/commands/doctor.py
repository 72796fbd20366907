"""`portal doctor`: prints every setting and what is wrong with this deployment."""

import sys

import click

from portal.commands.environment import load_settings


@click.command()
def doctor() -> None:
    """Check this deployment and explain every setting.

    Exits with 1 when a check fails.
    """
    from portal.doctor import checks
    from portal.settings import describe_values, describe_variables

    settings = load_settings()
    values = describe_values(settings)
    for name, words in describe_variables():
        click.echo(f"{name:<30} {values[name]}\n    {words}")
    failed = False
    for each in checks.run_checks(settings):
        failed |= not each.passed
        click.echo(f"{'ok  ' if each.passed else 'FAIL'} {each.name}: {each.words}")
    if failed:
        sys.exit(1)
