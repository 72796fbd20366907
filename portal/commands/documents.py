"""`portal documents`: writes sample documents."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from portal.documents.designs import Design


@click.group()
def documents() -> None:
    """The documents that customers get."""


@documents.command("samples")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of own templates to make them with.",
)
def make_samples(folder: Path, templates: Path | None) -> None:
    """Write made-up documents as PDF to FOLDER.

    Each kind in English, German, French, Arabic and Japanese.
    """
    from portal.documents import sample_merchants, samples
    from portal.documents.pool import Pool, RenderFailed

    own = _load_design(templates) if templates else None
    folder.mkdir(parents=True, exist_ok=True)
    pool = Pool()
    try:
        for make, locale in product(samples.BUILDERS.values(), sample_merchants.MERCHANTS):
            document = replace(make(locale), own=own)
            path = folder / f"{document.kind}-{locale}.pdf"
            path.write_bytes(pool.render(document))
            click.echo(path)
    except RenderFailed as error:
        raise click.ClickException(f"{error.message} `portal templates check` tells what is wrong.") from None
    finally:
        pool.close()


def _load_design(folder: Path) -> Design:
    from portal.billing.accounts.rendering_templates import files_digest
    from portal.documents import designs

    files, complaints = designs.read_folder(folder)
    if complaints:
        raise click.ClickException("\n".join(map(str, complaints)))
    return designs.Design(files_digest(files), tuple(files.items()))
