"""Documents behind a signed link, for anyone who was sent it, and the sample page of all components."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import clock, i18n
from portal.billing.accounts import files
from portal.db import Scope, find
from portal.documents.library import Kind
from portal.hosted import brand, documents, statements
from portal.hosted.page import Answer
from portal.models import Account, CreditNote, Customer, Invoice, Tenant
from portal.objects.links import AFTER_HANDING_OUT, DocumentLink, expires_at
from portal.outbox import previews
from portal.outbox.mails import render
from portal.web import as_file, declare, reader, services

blueprint = Blueprint("public", __name__)


@dataclass(frozen=True)
class Linked:
    """What a link leads to, and the merchant whose it is."""

    scope: Scope
    account: Account
    invoice: Invoice
    note: CreditNote | None
    expired: bool


@blueprint.get("/i/<token>")
def invoice(token: str) -> Answer:
    """An invoice as its page in a visit shows it."""
    linked = _linked(token, "invoice")
    if linked.expired:
        return _expired(linked.account)
    with services().database.reading(linked.scope) as db:
        parts = documents.invoice_parts(db, linked.invoice)
    receipt = services().links.document("receipt_pdf", linked.scope.tenant_id, linked.invoice.id)
    return render_template("hosted/document.html", token=token, receipt=receipt, link_of=_link_of, **parts)


@blueprint.get("/i/<token>/pdf")
def invoice_pdf(token: str) -> Answer:
    """The invoice as a file."""
    if kept := _kept(token, "invoice_pdf", "invoice", "Invoice"):
        return kept
    linked = _linked(token, "invoice_pdf")
    return _expired(linked.account) if linked.expired else documents.pdf_of_invoice(linked.scope, linked.invoice)


@blueprint.get("/r/<token>/pdf")
def receipt_pdf(token: str) -> Answer:
    """The receipt of a paid invoice as a file."""
    if kept := _kept(token, "receipt_pdf", "receipt", "Receipt"):
        return kept
    linked = _linked(token, "receipt_pdf")
    return _expired(linked.account) if linked.expired else documents.pdf_of_receipt(linked.scope, linked.invoice)


@blueprint.get("/c/<token>/pdf")
def credit_note_pdf(token: str) -> Answer:
    """A credit note as a file."""
    if kept := _kept(token, "credit_note_pdf", "credit_note", "Credit note"):
        return kept
    linked = _linked(token, "credit_note_pdf")
    if linked.expired or linked.note is None:
        return _expired(linked.account)
    return documents.pdf_of_credit_note(linked.scope, linked.note)


@blueprint.get("/i/<token>/<format>.xml")
def invoice_xml(token: str, format: str) -> Answer:
    """The invoice for machines."""
    linked = _linked(token, "invoice_pdf")
    return _expired(linked.account) if linked.expired else documents.xml_of(linked.scope, linked.invoice, format)


@blueprint.get("/i/<token>/transfer.svg")
def transfer_code(token: str) -> Answer:
    """The code for banking apps that pays the invoice."""
    linked = _linked(token, "invoice_pdf")
    return _expired(linked.account) if linked.expired else documents.code_of(linked.invoice)


@blueprint.get("/c/<token>/<format>.xml")
def credit_note_xml(token: str, format: str) -> Answer:
    """A credit note for machines."""
    linked = _linked(token, "credit_note_pdf")
    if linked.expired or linked.note is None:
        return _expired(linked.account)
    return documents.xml_of(linked.scope, linked.note, format)


@blueprint.get("/s/<token>/<format>")
def statement(token: str, format: str) -> Answer:
    """A statement of account as a file; it tells of the present whenever it is opened."""
    link = services().links.read(token, "statement_pdf") or abort(404)
    scope, account = _merchant(link)
    customer_id, year, currency = link.id.rsplit(":", 2)
    with services().database.reading(scope) as db:
        _speak_to(db, customer_id)
    if clock.now() >= link.issued_at + AFTER_HANDING_OUT:
        return _expired(account)
    return statements.file_of(scope, customer_id, year, currency, format)


@blueprint.get("/files/<token>")
def file(token: str) -> Answer:
    """A file that its merchant has made a link to, as long as that lasts."""
    link = services().links.read(token, "file_link") or abort(404)
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        scope = Scope.of_tenant(tenant)
    with services().database.reading(scope) as db:
        row, content = files.linked(db, link.id, now=clock.now()) or abort(404)
    return as_file(content, files.MEDIA_TYPES[row.type], row.filename or row.id)


@blueprint.get("/")
def start() -> Answer:
    """Nobody is sent here; beside demo data whoever tries the address finds the shop."""
    return redirect("/demo", 303) if services().settings.demo else abort(404)


@blueprint.get("/patterns")
def patterns() -> Answer:
    """Every component on one page, for those who work on them; only beside demo data."""
    if not services().settings.demo:
        abort(404)
    form = _Sample()
    form.validate()
    return render_template("hosted/patterns.html", form=form, amounts=(1999, -123456, 0))


@blueprint.get("/mails")
@blueprint.get("/mails/<name>")
def mails(name: str | None = None) -> Answer:
    """Every mail with made-up words in each language, for those who work on them; only beside demo data."""
    if not services().settings.demo:
        abort(404)
    locale = i18n.best([request.args.get("locale", "en")])
    if name is None:
        return render_template(
            "hosted/mails.html", names=sorted(previews.SAMPLES), locales=i18n.CATALOGUES, chosen=locale
        )
    if name not in previews.SAMPLES:
        abort(404)
    words = render(name, previews.letter(name, locale))
    # a mail has its styles within it
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    return Response(words.html, mimetype="text/html", headers={"Content-Security-Policy": policy})


def _kept(token: str, kind: str, noun: Kind, word: str) -> Response | None:
    """The document behind a good link, where it lies ready and nobody is told; everything else goes the longer way."""
    link = services().links.read(token, kind) or abort(404)
    kept = services().documents.kept(reader(), noun, link.tenant_id, link.id)
    if kept is None or kept.told or clock.now() >= expires_at(kept.finalized_at, kept.due_date, link.issued_at):
        return None
    return documents.download(kept.content, i18n.translations(kept.locale).gettext(word), kept.number)


def _linked(token: str, kind: str) -> Linked:
    """What the token stands for, with frame and language set. Unknown tokens and documents are 404."""
    link = services().links.read(token, kind) or abort(404)
    scope, account = _merchant(link)
    with services().database.reading(scope) as db:
        invoice, note = _documents(db, link.id)
        _speak_to(db, invoice.customer_id)
    dead_at = expires_at(invoice.finalized_at or invoice.created, invoice.due_date, link.issued_at)
    return Linked(scope, account, invoice, note, clock.now() >= dead_at)


def _merchant(link: DocumentLink) -> tuple[Scope, Account]:
    """Whose document a link leads to, with the frame set. Unknown ones are 404."""
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        account = db.get(Account, tenant.account_id) or abort(404)
    brand.use(brand.of_account(account, livemode=tenant.livemode))
    return Scope.of_tenant(tenant), account


def _speak_to(db: Session, customer_id: str) -> None:
    """In the customer's language, else in the browser's."""
    customer = find(db, Customer, customer_id, noun="customer")
    g.locale = i18n.best([*customer.preferred_locales, *(tag for tag, _ in request.accept_languages)])


def _link_of(note: CreditNote) -> str:
    return services().links.document("credit_note_pdf", note.tenant_id, note.id)


def _documents(db: Session, id: str) -> tuple[Invoice, CreditNote | None]:
    tenant_id = db.info["scope"].tenant_id
    note = db.get(CreditNote, (tenant_id, id))
    invoice = db.get(Invoice, (tenant_id, note.invoice_id if note else id))
    if invoice is None or invoice.status == "draft":
        abort(404)
    return invoice, note


def _expired(account: Account) -> Response:
    profile = account.business_profile
    contact = {name: profile.get(f"support_{name}") for name in ("email", "phone", "url")}
    return Response(render_template("hosted/expired.html", contact=contact), 410, mimetype="text/html")


def _choices(**labels: str) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in labels.items()]


class _Sample(Form):
    name = StringField("Name", default="Jenny Rosen")
    code = StringField("Code", [InputRequired("Enter the code from the mail.")])
    country = SelectField("Country", choices=_choices(DE="Germany", FR="France"), default="DE")
    comment = TextAreaField("Comment")
    postcode = StringField("Postcode", default="10969")
    city = StringField("City", default="Berlin")
    reason = RadioField("Reason", choices=_choices(unused="I don't use it", other="Another reason"))
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
    declare(f"public.{_endpoint}", "link")
declare("public.start", "public")
declare("public.patterns", "public")
declare("public.mails", "public")
