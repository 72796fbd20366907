"""`portal templates`: checks, stores and chooses a merchant's own document templates."""

import sys
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope, writing

if TYPE_CHECKING:
    from portal.db import Database
    from portal.documents.designs import Complaint

_FOLDER_ARGUMENT = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group()
def templates() -> None:
    """Own templates of invoices and other documents.

    How they are written is in docs/documents.md.
    """


@templates.command()
@_FOLDER_ARGUMENT
def check(folder: Path) -> None:
    """Try the templates of FOLDER with made-up documents.

    Exits with 1 where they don't do.
    """
    _check_folder(folder)
    click.echo("The templates do.")


@templates.command()
@_FOLDER_ARGUMENT
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--nickname", help="What the merchant calls it.")
@click.option("--template", help="Make the next version of this template instead of a new one.")
@click.option("--default", is_flag=True, help="For all documents that name no other template.")
@click.pass_obj
def add(
    open_database: Any,
    folder: Path,
    account_id: str,
    live: bool,
    nickname: str | None,
    template: str | None,
    default: bool,
) -> None:
    """Try the templates of FOLDER and keep them.

    Prints the id that invoices and customers name.
    """
    from portal import clock
    from portal.billing.accounts import rendering_templates

    files = _check_folder(folder)
    nickname = nickname or (None if template else folder.resolve().name)
    command = rendering_templates.AddTemplate(files, nickname, template, default)
    with writing(open_database(), account_id, live) as db:
        row = rendering_templates.add(db, command, now=clock.now())
        click.echo(f"{row.id}  version {row.version}")


@templates.command("list")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.pass_obj
def list_templates(open_database: Any, account_id: str, live: bool) -> None:
    """List the templates of an account, newest first."""
    from sqlalchemy import select

    from portal.models import RenderingTemplate

    database: Database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        for row in db.scalars(select(RenderingTemplate).order_by(RenderingTemplate.created.desc())):
            marks = f"{row.status}{', default' if row.is_default else ''}"
            click.echo(f"{row.id}  version {row.version}  {marks}  {row.nickname or ''}")


@templates.command()
@click.argument("template", required=False)
@ACCOUNT_OPTION
@LIVE_OPTION
@click.pass_obj
def choose(open_database: Any, template: str | None, account_id: str, live: bool) -> None:
    """Make TEMPLATE the default.

    Without one, documents come in the built-in look again.
    """
    from portal.billing.accounts import rendering_templates

    with writing(open_database(), account_id, live) as db:
        row = rendering_templates.find_usable(db, template, param="template") if template else None
        rendering_templates.set_default(db, row)


@templates.command()
@click.argument("template")
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--version", type=click.IntRange(1), help="The newest by default.")
@click.pass_obj
def export(open_database: Any, template: str, folder: Path, account_id: str, live: bool, version: int | None) -> None:
    """Write the files of TEMPLATE to a new FOLDER."""
    from portal.billing.accounts import rendering_templates
    from portal.db import find_row
    from portal.models import RenderingTemplate

    with writing(open_database(), account_id, live) as db:
        newest = find_row(db, RenderingTemplate, template, noun="invoice rendering template").version
        files = rendering_templates.find_version(db, template, version or newest).files
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(b64decode(content))


def _check_folder(folder: Path) -> Mapping[str, bytes]:
    """The files of a folder whose templates render without errors. Otherwise print the errors and exit with 1."""
    from portal.documents import designs

    files, complaints = designs.read_folder(folder)
    if not any(each.fatal for each in complaints):
        complaints += _render_samples(files)
    for each in complaints:
        click.echo(f"{'error' if each.fatal else 'note '}  {each}", err=True)
    if any(each.fatal for each in complaints):
        sys.exit(1)
    return files


def _render_samples(files: Mapping[str, bytes]) -> "list[Complaint]":
    from portal.documents import designs
    from portal.documents.pool import Pool, RenderFailed

    found: list[Complaint] = []
    pool = Pool()
    for kind in designs.KINDS:
        try:
            found += pool.examine(files, kind)
        except RenderFailed:
            words = "a made-up document takes more time or memory than a document may"
            found.append(designs.Complaint(f"{kind}.html", None, words))
    pool.close()
    return list(dict.fromkeys(found))
