"""`portal mail`: what mails look like."""

from __future__ import annotations

import sys
from typing import Any

import click


@click.group()
def mail() -> None:
    """The mails that customers get."""


@mail.command()
@click.argument("name", required=False)
@click.option("--locale", default="en", show_default=True, help="Language of the words, such as de or ar.")
@click.option("--html", is_flag=True, help="The HTML instead of the plain text.")
def preview(name: str | None, locale: str, html: bool) -> None:
    """Print the mail NAME with made-up words; without a name, the names there are."""
    from portal import i18n
    from portal.outbox import mails, previews

    if name is None:
        click.echo("\n".join(sorted(previews.SAMPLES)))
        return
    if name not in previews.SAMPLES:
        click.echo(f"There is no mail {name}. There are: {', '.join(sorted(previews.SAMPLES))}", err=True)
        sys.exit(1)
    words: Any = mails.render(name, previews.letter(name, i18n.best([locale])))
    click.echo(words.html if html else f"{words.subject}\n\n{words.plain}")
