"""Documents behind a signed link, for anyone who has it: the page of an invoice, and the files of each kind."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, g, render_template
from sqlalchemy.orm import Session

from portal import clock, i18n, zones
from portal.db import Scope, find_row
from portal.documents.kinds import SOURCES, link_dates_of
from portal.hosted import (
    cancellation_files,
    document_context,
    document_files,
    frames,
    languages,
    mandate_files,
    pay_offers,
    statements,
)
from portal.hosted.page import PageResponse
from portal.hosted.payment_states import hide_method
from portal.models import Account, CreditNote, Customer, Tenant
from portal.objects.links import MIN_AFTER_ISSUE, DocumentLink, expires_at
from portal.rules.document_kinds import DOCUMENT_KINDS, KindName
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("document_links", __name__)


@dataclass(frozen=True)
class LinkedDocument:
    """What a link leads to: the row of a document, and the merchant that it belongs to."""

    scope: Scope
    account: Account
    row: Any
    expired: bool


@blueprint.get("/i/<token>")
def invoice(token: str) -> PageResponse:
    """An invoice, as its page in a visit shows it."""
    linked = find_linked_document(token, "invoice")
    if linked.expired:
        return expired_link_page(linked.account)
    with services().database.reading(linked.scope) as db:
        shown = document_context.invoice_context(db, linked.row)
        shown["payment"] = hide_method(shown["payment"])
        shown["payable"] = pay_offers.is_payable(db, linked.row, shows_kept=False)
    receipt = services().links_of(linked.scope).document("receipt_pdf", linked.scope.tenant_id, linked.row.id)
    return render_template(
        "hosted/document.html",
        token=token,
        receipt=receipt,
        link_of=lambda note: _credit_note_link(linked.scope, note),
        **shown,
    )


@blueprint.get("/i/<token>/transfer.svg")
def transfer_code(token: str) -> PageResponse:
    """The code for banking apps that pays the invoice."""
    linked = find_linked_document(token, "invoice")
    if linked.expired:
        return expired_link_page(linked.account)
    with services().database.reading(linked.scope) as db:
        return document_files.transfer_code_response(db, linked.row)


@blueprint.get("/s/<token>/<format>")
def statement(token: str, format: str) -> PageResponse:
    """A statement of account as a file; it shows the present state whenever it is opened."""
    link = services().links.read(token, "statement_pdf") or abort(404)
    scope, account = merchant_of_link(link)
    customer_id, year, currency = link.id.rsplit(":", 2)
    with services().database.reading(scope) as db:
        _use_customer_language(db, customer_id)
    if clock.now() >= link.issued_at + MIN_AFTER_ISSUE:
        return expired_link_page(account)
    return statements.download_statement(scope, customer_id, year, currency, format)


@blueprint.get("/m/<token>/pdf")
def mandate(token: str) -> PageResponse:
    """The document of a mandate as a PDF."""
    link = services().links.read(token, "mandate_pdf") or abort(404)
    scope, account = merchant_of_link(link)
    if clock.now() >= link.issued_at + MIN_AFTER_ISSUE:
        return expired_link_page(account)
    return mandate_files.download_mandate(scope, link.id)


@blueprint.get("/e/<token>/pdf")
def cancellation(token: str) -> PageResponse:
    """The confirmation of a cancellation as a PDF."""
    link = services().links.read(token, "cancellation_pdf") or abort(404)
    scope, account = merchant_of_link(link)
    if clock.now() >= link.issued_at + MIN_AFTER_ISSUE:
        return expired_link_page(account)
    return cancellation_files.download_cancellation(scope, link.id)


@blueprint.get("/w/<token>/pdf")
def withdrawal(token: str) -> PageResponse:
    """The receipt of a withdrawal as a PDF."""
    link = services().links.read(token, "withdrawal_pdf") or abort(404)
    scope, account = merchant_of_link(link)
    if clock.now() >= link.issued_at + MIN_AFTER_ISSUE:
        return expired_link_page(account)
    return cancellation_files.download_withdrawal(scope, link.id)


def _declare_files(kind: KindName, place: str) -> None:
    """Declare the files of a kind below `place`: its PDF, and its e-invoices where it has them."""

    def download_pdf(token: str) -> PageResponse:
        if stored := _stored_pdf(token, kind):
            return stored
        linked = find_linked_document(token, kind)
        if linked.expired:
            return expired_link_page(linked.account)
        return document_files.download_pdf(linked.scope, kind, linked.row)

    def download_xml(token: str, format: str) -> PageResponse:
        linked = find_linked_document(token, kind)
        if linked.expired:
            return expired_link_page(linked.account)
        return document_files.download_xml(linked.scope, linked.row, format)

    _declare(f"{kind}_pdf", f"{place}/pdf", download_pdf)
    if any(file.endswith(".xml") for file in DOCUMENT_KINDS[kind].files):
        _declare(f"{kind}_xml", f"{place}/<format>.xml", download_xml)


def _declare(name: str, rule: str, view: Any) -> None:
    blueprint.add_url_rule(rule, name, view)
    declare_policy(f"document_links.{name}", "link")


def _stored_pdf(token: str, kind: KindName) -> Response | None:
    """The stored PDF behind a valid link; None where it must be rendered, noted as a download, or the link expired."""
    link = services().links.read(token, f"{kind}_pdf") or abort(404)
    frames.refuse_elsewhere(link.tenant_id)
    kept = services().documents.find_stored_pdf(kind, link.tenant_id, link.id)
    if (
        kept is None
        or kept.number is None
        or kept.told
        or clock.now() >= expires_at(kept.finalized_at, kept.due_date, link.issued_at)
    ):
        return None
    heading = i18n.translate(DOCUMENT_KINDS[kind].heading, kept.locale)
    return document_files.pdf_response(kept.content, heading, kept.number)


def find_linked_document(token: str, kind: KindName) -> LinkedDocument:
    """The document of a token, with frame and language set. Unknown tokens and documents are 404."""
    link = services().links.read(token, f"{kind}_pdf") or abort(404)
    scope, account = merchant_of_link(link)
    with services().database.reading(scope) as db:
        row: Any = db.get(SOURCES[kind].model, (link.tenant_id, link.id))
        if row is None or row.status == "draft":
            abort(404)
        dates = link_dates_of(db, row)
        _use_customer_language(db, row.customer_id)
    dead_at = expires_at(*dates, link.issued_at)
    return LinkedDocument(scope, account, row, clock.now() >= dead_at)


def merchant_of_link(link: DocumentLink) -> tuple[Scope, Account]:
    """The scope and account of a link's document, with frame and zone set. Unknown ones are 404."""
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        account = db.get(Account, tenant.account_id) or abort(404)
    frames.use_frame(frames.frame_of_account(account, livemode=tenant.livemode))
    g.zone = zones.of_account(account.settings)
    return Scope.of_tenant(tenant), account


def _use_customer_language(db: Session, customer_id: str) -> None:
    """Answer in the customer's language, else in the browser's."""
    customer = find_row(db, Customer, customer_id, noun="customer")
    languages.use_customer_language(customer)


def _credit_note_link(scope: Scope, note: CreditNote) -> str:
    return services().links_of(scope).document("credit_note_pdf", note.tenant_id, note.id)


def expired_link_page(account: Account) -> Response:
    contact = frames.contact_of_account(account)
    return Response(render_template("hosted/document_expired.html", contact=contact), 410, mimetype="text/html")


for _kind in SOURCES:
    if _scope := DOCUMENT_KINDS[_kind].link_scope:
        _declare_files(_kind, f"/{_scope}/<token>")
for _name in ("invoice", "transfer_code", "statement", "mandate", "cancellation", "withdrawal"):
    declare_policy(f"document_links.{_name}", "link")
