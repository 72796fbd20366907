"""`portal mail`: previews mails and takes in reports of undeliverable ones."""

import sys
from typing import Any

import click

from portal.commands.environment import load_settings

#: What mail systems take for "try again later" (sysexits.h).
TRY_AGAIN = 75


@click.group()
def mail() -> None:
    """The mails that customers get."""


@mail.command()
@click.argument("name", required=False)
@click.option("--locale", default="en", show_default=True, help="Language of the words, such as de or ar.")
@click.option("--html", is_flag=True, help="The HTML instead of the plain text.")
def preview(name: str | None, locale: str, html: bool) -> None:
    """Print the mail NAME with made-up words.

    Without a name, print the names there are.
    """
    from portal import i18n
    from portal.outbox import mail_texts, previews

    if name is None:
        click.echo("\n".join(sorted(previews.SAMPLES)))
        return
    if name not in previews.SAMPLES:
        click.echo(f"There is no mail {name}. There are: {', '.join(sorted(previews.SAMPLES))}", err=True)
        sys.exit(1)
    words: Any = mail_texts.render_text(name, previews.sample_mail(name, i18n.best_locale([locale])))
    click.echo(words.html if html else f"{words.subject}\n\n{words.plain}")


@mail.command()
def bounce() -> None:
    """Take in a mail that came back, from standard input.

    It is a report as in RFC 3464, and shows on the customer from then on.

    Ends with 0 for what is none of ours, so that no report is answered by another one, and with 75 when
    the database is away, so that the mail system tries again.
    """
    from portal import clock
    from portal.assembly import assemble_services
    from portal.errors import Unavailable
    from portal.outbox import bounces

    found = bounces.read_report(sys.stdin.buffer.read(bounces.LONGEST_REPORT))
    if found is None:
        click.echo("This is no report of a mail that was given up.")
        return
    try:
        services = assemble_services(load_settings(exit_code=TRY_AGAIN), pool_size=1)
        noted = bounces.record_failure(services, found, now=clock.now())
    except Unavailable as error:
        click.echo(error.message, err=True)
        sys.exit(TRY_AGAIN)
    click.echo("Noted." if noted else "The mail is none of ours, or it is known already that it failed.")
