"""Makes the documents that are judged, by the code that makes those of merchants; each maker is a share of the work.

Every kind, language and script as samples; random invoices and credit notes; sellers of fifteen countries with buyers
of twenty-one. Languages are those of the catalogues.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from portal import clock, create_app, i18n
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Scope
from portal.documents import render
from portal.documents import samples as document_samples
from portal.documents.parts import Party
from portal.documents.printing import build_for_print
from portal.documents.sample_merchants import MERCHANTS
from portal.documents.values import DocumentBase
from portal.documents.xml import offers
from portal.models import CreditNote, Invoice
from portal.rules.document_kinds import KindName
from portal.settings import from_environment
from tests import databases
from tests.documents import samples, test_archival, test_judges, test_scripts
from tests.documents.examples import examples
from tests.factories import Factories
from tests.judge.paper import Paper

#: Yields papers and has written their files.
Maker = Callable[[Path], Iterator[Paper]]
#: The languages that documents speak, and two that have no catalogue.
LANGUAGES = tuple(dict.fromkeys((*i18n.CATALOGUES, *MERCHANTS, "bg")))
SEEDS = range(4)


def all_makers() -> list[Maker]:
    """The long ones first."""
    return [
        *(partial(make_random, seed) for seed in SEEDS),
        *(partial(make_traded, seller) for seller in test_judges.SELLERS),
        *(partial(make_samples, language) for language in LANGUAGES),
        make_values,
    ]


def make_samples(language: str, folder: Path) -> Iterator[Paper]:
    """Every kind of document in a language, by its own merchant where it has one."""
    for kind, builder in document_samples.BUILDERS.items():
        sample = replace(builder(language if language in MERCHANTS else "en"), locale=language)
        yield write(folder, f"sample-{kind}-{language}.pdf", kind.replace("_", " "), render.pdf(sample))


def make_values(folder: Path) -> Iterator[Paper]:
    """What the tests of our own checker render, and names in every script, in both designs."""
    for name, document in test_archival.DOCUMENTS.items():
        ending = "factur-x.pdf" if getattr(document, "e_invoice", None) else "pdf"
        yield write(folder, f"value-{name}.{ending}", "values of the tests", render.pdf(document))
    for script, (locale, name, _) in test_scripts.NAMES.items():
        value = samples.invoice(1, locale=locale, buyer=Party(name=name, city=name, country="DE"), memo=name)
        for version, document in (("v1", value), ("v2", samples.second(value))):
            yield write(folder, f"script-{script}-{version}.pdf", "names in every script", render.pdf(document))


def make_random(seed: int, folder: Path) -> Iterator[Paper]:
    """Some ninety invoices and credit notes, each in the next language, with its files."""
    with merchant() as make:
        for number, example in enumerate(examples(make, 75, seed)):
            language = LANGUAGES[number % len(LANGUAGES)]
            yield from write_all(make, example.row, folder, f"random-{seed}-{number:03}-{language}", "random", language)


def make_traded(seller: test_judges.Merchant, folder: Path) -> Iterator[Paper]:
    """An invoice and a credit note of a seller to every buyer, in each format that is offered."""
    with merchant() as make:
        test_judges.sell(make, seller)
        for buyer in test_judges.BUYERS:
            for row in test_judges.billed_and_credited(make, seller, buyer):
                kind = "note" if isinstance(row, CreditNote) else "bill"
                name = f"traded-{seller.name}-{buyer.name}-{kind}".replace(" ", "_")
                yield from write_all(make, row, folder, name, "between countries")


def write_all(
    make: Factories, row: Invoice | CreditNote, folder: Path, name: str, group: str, language: str = ""
) -> Iterator[Paper]:
    """The PDF, in a language if one is given, and the file of each format that nothing is missing for."""
    with make.database.reading(make.scope) as db:
        files = offers.write_files(db, row)
    document = print_of(make, row)
    pdf = render.pdf(replace(document, locale=language or document.locale))
    yield write(folder, f"{name}.{'factur-x.' if 'factur_x' in files else ''}pdf", group, pdf)
    for format, content in files.items():
        yield write(folder, f"{name}.{format}.xml", group, content.encode())


@contextmanager
def merchant() -> Iterator[Factories]:
    """A portal of its own with one merchant."""
    with tempfile.TemporaryDirectory(prefix="portal-judge-") as instance:
        (Path(instance) / "portal.db").write_bytes(databases.template_file())
        app = create_app(replace(from_environment({"PORTAL_INSTANCE": instance}), base_url="http://localhost"))
        database = app.extensions["portal"].database
        with database.writing() as db:
            account = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
        yield Factories(database, Scope(account.test.id, account.account.id, livemode=False))
        database.dispose()


def print_of(make: Factories, row: Invoice | CreditNote) -> DocumentBase:
    kind: KindName = "credit_note" if isinstance(row, CreditNote) else "invoice"
    with make.database.reading(make.scope) as db:
        return build_for_print(db, kind, row)


def write(folder: Path, name: str, group: str, content: bytes) -> Paper:
    (folder / name).write_bytes(content)
    return Paper(name, group)


def file_of_pair(make: Factories, country: str, format: str) -> bytes:
    """A good file of this format: an invoice of the first seller of a country to the first buyer there."""
    seller = next(each for each in test_judges.SELLERS if each.country == country)
    buyer = next(each for each in test_judges.BUYERS if each.country == country)
    test_judges.sell(make, seller)
    return test_judges.file_of(make, test_judges.bill(make, seller, buyer), format)
