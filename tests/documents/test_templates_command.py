"""`portal templates`, run as an operator runs it, and what the documents look like after."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from pypdf import PdfReader

from portal import create_app
from portal.documents.sample_merchants import MERCHANTS
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.settings import from_environment
from tests.clients import Api

TOP = Path(__file__).parents[2]
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    def run(*arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "portal.cli", *arguments]
        done = subprocess.run(command, cwd=TOP, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PORTAL_INSTANCE": str(tmp_path / "instance"), "PORTAL_BASE_URL": "http://localhost"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ours"
    made.mkdir()
    (made / "invoice.html").write_text(
        '{% extends "invoice/v1.html" %}{% block kind %}{{ super() }} of ours{% endblock %}'
    )
    return made


def test_a_mistake_ends_the_command_and_tells_where(run: Run, folder: Path) -> None:
    assert run("templates", "check", str(folder)) == "The templates do.\n"
    (folder / "invoice.html").write_text("<p>\n{{ document.nunber }}")
    told = run("templates", "check", str(folder), code=1)
    assert told.startswith("error  invoice.html:2: UndefinedError: ")
    assert "nunber" in told


def test_samples_are_made_of_each_kind_and_language(run: Run, folder: Path, tmp_path: Path) -> None:
    run("documents", "samples", str(tmp_path / "made"), "--templates", str(folder))
    made = {path.stem for path in (tmp_path / "made").iterdir()}
    assert made == {f"{kind}-{language}" for kind, language in product(DOCUMENT_KINDS, MERCHANTS)}
    assert "Rechnung of ours" in PdfReader(tmp_path / "made" / "invoice-de.pdf").pages[0].extract_text()


def test_a_template_that_was_added_is_what_the_next_invoice_looks_like(
    run: Run, environment: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    run("db", "upgrade")
    made = json.loads(run("account", "create", "Acme", "--country", "de", "--currency", "eur", "--json"))
    account = ["--account", made["account"]]
    id = run("templates", "add", str(folder), *account, "--default").split()[0]
    assert run("templates", "list", *account) == f"{id}  version 1  active, default  ours\n"
    run("templates", "export", id, str(tmp_path / "copy"), *account)
    assert (tmp_path / "copy" / "invoice.html").read_bytes() == (folder / "invoice.html").read_bytes()

    api = Api(create_app(from_environment(environment)).test_client(), made["test_key"])
    customer = api.post("customers", name="Rosen")["id"]
    before = _said(api, customer)
    run("templates", "choose", *account)
    assert ("of ours" in before, "of ours" in _said(api, customer)) == (True, False)


def _said(api: Api, customer: str) -> str:
    """What the PDF of a new invoice says."""
    invoice = api.post("invoices", customer=customer, collection_method="send_invoice", days_until_due=14)["id"]
    api.post("invoiceitems", customer=customer, invoice=invoice, amount=1000, currency="eur")
    url = api.post(f"invoices/{invoice}/finalize")["invoice_pdf"]
    answer = api.client.get(url.removeprefix("http://localhost"))
    return PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
