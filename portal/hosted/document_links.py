"""Documents behind a signed link, for anyone who has it, and sample pages for developers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import clock, i18n
from portal.billing.accounts import files
from portal.billing.accounts.pictures import MEDIA_TYPES
from portal.db import Scope, find_row
from portal.documents.library import DocumentKind
from portal.hosted import brand, documents, statements
from portal.hosted.page import PageResponse
from portal.models import Account, CreditNote, Customer, Invoice, Tenant
from portal.objects.links import MIN_AFTER_ISSUE, DocumentLink, expires_at
from portal.outbox import previews
from portal.outbox.mails import render_text
from portal.web import declare_policy, file_response, read_connection, services

blueprint = Blueprint("public", __name__)


@dataclass(frozen=True)
class LinkedDocument:
    """What a link leads to, and the merchant that it belongs to."""

    scope: Scope
    account: Account
    invoice: Invoice
    note: CreditNote | None
    expired: bool


@blueprint.get("/i/<token>")
def invoice(token: str) -> PageResponse:
    """An invoice, as its page in a visit shows it."""
    linked = _find_linked_document(token, "invoice")
    if linked.expired:
        return _expired_link_page(linked.account)
    with services().database.reading(linked.scope) as db:
        parts = documents.invoice_context(db, linked.invoice)
    receipt = services().links.document("receipt_pdf", linked.scope.tenant_id, linked.invoice.id)
    return render_template("hosted/document.html", token=token, receipt=receipt, link_of=_credit_note_link, **parts)


@blueprint.get("/i/<token>/pdf")
def invoice_pdf(token: str) -> PageResponse:
    """The invoice as a file."""
    if kept := _stored_pdf(token, "invoice_pdf", "invoice", "Invoice"):
        return kept
    linked = _find_linked_document(token, "invoice_pdf")
    return (
        _expired_link_page(linked.account)
        if linked.expired
        else documents.download_invoice_pdf(linked.scope, linked.invoice)
    )


@blueprint.get("/r/<token>/pdf")
def receipt_pdf(token: str) -> PageResponse:
    """The receipt of a paid invoice as a file."""
    if kept := _stored_pdf(token, "receipt_pdf", "receipt", "Receipt"):
        return kept
    linked = _find_linked_document(token, "receipt_pdf")
    return (
        _expired_link_page(linked.account)
        if linked.expired
        else documents.download_receipt_pdf(linked.scope, linked.invoice)
    )


@blueprint.get("/c/<token>/pdf")
def credit_note_pdf(token: str) -> PageResponse:
    """A credit note as a file."""
    if kept := _stored_pdf(token, "credit_note_pdf", "credit_note", "Credit note"):
        return kept
    linked = _find_linked_document(token, "credit_note_pdf")
    if linked.expired or linked.note is None:
        return _expired_link_page(linked.account)
    return documents.download_credit_note_pdf(linked.scope, linked.note)


@blueprint.get("/i/<token>/<format>.xml")
def invoice_xml(token: str, format: str) -> PageResponse:
    """The invoice for machines."""
    linked = _find_linked_document(token, "invoice_pdf")
    return (
        _expired_link_page(linked.account)
        if linked.expired
        else documents.download_xml(linked.scope, linked.invoice, format)
    )


@blueprint.get("/i/<token>/transfer.svg")
def transfer_code(token: str) -> PageResponse:
    """The code for banking apps that pays the invoice."""
    linked = _find_linked_document(token, "invoice_pdf")
    return _expired_link_page(linked.account) if linked.expired else documents.transfer_code_response(linked.invoice)


@blueprint.get("/c/<token>/<format>.xml")
def credit_note_xml(token: str, format: str) -> PageResponse:
    """A credit note for machines."""
    linked = _find_linked_document(token, "credit_note_pdf")
    if linked.expired or linked.note is None:
        return _expired_link_page(linked.account)
    return documents.download_xml(linked.scope, linked.note, format)


@blueprint.get("/s/<token>/<format>")
def statement(token: str, format: str) -> PageResponse:
    """A statement of account as a file; it shows the present state whenever it is opened."""
    link = services().links.read(token, "statement_pdf") or abort(404)
    scope, account = _merchant_of_link(link)
    customer_id, year, currency = link.id.rsplit(":", 2)
    with services().database.reading(scope) as db:
        _use_customer_language(db, customer_id)
    if clock.now() >= link.issued_at + MIN_AFTER_ISSUE:
        return _expired_link_page(account)
    return statements.download_statement(scope, customer_id, year, currency, format)


@blueprint.get("/files/<token>")
def file(token: str) -> PageResponse:
    """A file that its merchant has made a link to, until the link expires."""
    link = services().links.read(token, "file_link") or abort(404)
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        scope = Scope.of_tenant(tenant)
    with services().database.reading(scope) as db:
        row, content = files.find_by_link(db, link.id, now=clock.now()) or abort(404)
    return file_response(content, MEDIA_TYPES[row.type], row.filename or row.id)


@blueprint.get("/")
def start() -> PageResponse:
    """The root path: the demo shop beside demo data, else 404. No link leads here."""
    return redirect("/demo", 303) if services().settings.demo else abort(404)


@blueprint.get("/patterns")
def patterns() -> PageResponse:
    """Every component on one page, for developers; only beside demo data."""
    if not services().settings.demo:
        abort(404)
    form = _SampleForm()
    form.validate()
    return render_template("hosted/patterns.html", form=form, amounts=(1999, -123456, 0))


@blueprint.get("/mails")
@blueprint.get("/mails/<name>")
def mails(name: str | None = None) -> PageResponse:
    """Every mail with sample values in each language, for developers; only beside demo data."""
    if not services().settings.demo:
        abort(404)
    locale = i18n.best_locale([request.args.get("locale", "en")])
    if name is None:
        return render_template(
            "hosted/mails.html", names=sorted(previews.SAMPLES), locales=i18n.CATALOGUES, chosen=locale
        )
    if name not in previews.SAMPLES:
        abort(404)
    words = render_text(name, previews.sample_mail(name, locale))
    # a mail has its styles within it
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    return Response(words.html, mimetype="text/html", headers={"Content-Security-Policy": policy})


def _stored_pdf(token: str, kind: str, noun: DocumentKind, word: str) -> Response | None:
    """The stored PDF behind a valid link; None where it must be rendered, noted as a download, or the link expired."""
    link = services().links.read(token, kind) or abort(404)
    kept = services().documents.find_stored_pdf(read_connection(), noun, link.tenant_id, link.id)
    if kept is None or kept.told or clock.now() >= expires_at(kept.finalized_at, kept.due_date, link.issued_at):
        return None
    return documents.pdf_response(kept.content, i18n.load_translations(kept.locale).gettext(word), kept.number)


def _find_linked_document(token: str, kind: str) -> LinkedDocument:
    """The document of a token, with frame and language set. Unknown tokens and documents are 404."""
    link = services().links.read(token, kind) or abort(404)
    scope, account = _merchant_of_link(link)
    with services().database.reading(scope) as db:
        invoice, note = _find_documents(db, link.id)
        _use_customer_language(db, invoice.customer_id)
    dead_at = expires_at(invoice.finalized_at or invoice.created, invoice.due_date, link.issued_at)
    return LinkedDocument(scope, account, invoice, note, clock.now() >= dead_at)


def _merchant_of_link(link: DocumentLink) -> tuple[Scope, Account]:
    """The scope and account of a link's document, with the frame set. Unknown ones are 404."""
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        account = db.get(Account, tenant.account_id) or abort(404)
    brand.use_frame(brand.frame_of_account(account, livemode=tenant.livemode))
    return Scope.of_tenant(tenant), account


def _use_customer_language(db: Session, customer_id: str) -> None:
    """Answer in the customer's language, else in the browser's."""
    customer = find_row(db, Customer, customer_id, noun="customer")
    g.locale = i18n.best_locale([*customer.preferred_locales, *(tag for tag, _ in request.accept_languages)])


def _credit_note_link(note: CreditNote) -> str:
    return services().links.document("credit_note_pdf", note.tenant_id, note.id)


def _find_documents(db: Session, id: str) -> tuple[Invoice, CreditNote | None]:
    tenant_id = db.info["scope"].tenant_id
    note = db.get(CreditNote, (tenant_id, id))
    invoice = db.get(Invoice, (tenant_id, note.invoice_id if note else id))
    if invoice is None or invoice.status == "draft":
        abort(404)
    return invoice, note


def _expired_link_page(account: Account) -> Response:
    profile = account.business_profile
    contact = {name: profile.get(f"support_{name}") for name in ("email", "phone", "url")}
    return Response(render_template("hosted/expired.html", contact=contact), 410, mimetype="text/html")


def _select_choices(**labels: str) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in labels.items()]


class _SampleForm(Form):
    name = StringField("Name", default="Jenny Rosen")
    code = StringField("Code", [InputRequired("Enter the code from the mail.")])
    country = SelectField("Country", choices=_select_choices(DE="Germany", FR="France"), default="DE")
    comment = TextAreaField("Comment")
    postcode = StringField("Postcode", default="10969")
    city = StringField("City", default="Berlin")
    reason = RadioField("Reason", choices=_select_choices(unused="I don't use it", other="Another reason"))
    agree = BooleanField("Same as the billing address", default=True)


for _endpoint in (
    "invoice",
    "invoice_pdf",
    "receipt_pdf",
    "invoice_xml",
    "transfer_code",
    "credit_note_pdf",
    "credit_note_xml",
    "statement",
    "file",
):
    declare_policy(f"public.{_endpoint}", "link")
declare_policy("public.start", "public")
declare_policy("public.patterns", "public")
declare_policy("public.mails", "public")
