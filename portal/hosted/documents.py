"""The pages of invoices and credit notes within a visit, and their files: PDF, receipt, e-invoice, transfer code."""

from flask import Blueprint, render_template

from portal.billing.customer_portal import invoice_corrections
from portal.hosted import collection_offers, document_context, document_files, own_documents, pay_offers
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import CreditNote
from portal.rules import permissions
from portal.rules.document_kinds import KindName

blueprint = Blueprint("documents", __name__, url_prefix="/p")

#: Where the files of each kind are.
PDF_RULES: dict[KindName, str] = {
    "invoice": "/invoices/<id>/pdf",
    "receipt": "/invoices/<id>/receipt",
    "credit_note": "/credit-notes/<id>/pdf",
}
XML_RULES: dict[KindName, str] = {
    "invoice": "/invoices/<id>/<format>.xml",
    "credit_note": "/credit-notes/<id>/<format>.xml",
}


@page(blueprint, "/invoices/<id>", allows=permissions.may_see_invoices)
def invoice(visit: Visit, id: str) -> PageResponse:
    """Everything an invoice says, and what happened to it since."""
    with visit.reading() as db:
        row = own_documents.find_own(db, visit, "invoice", id)
        shown = document_context.invoice_context(db, row)
        confirmable = document_context.list_confirmable(db, row) if "card" in visit.collects else ()
        offer = collection_offers.find_offer(db, visit, id) if row.status == "open" else None
        may_pay = permissions.may_have_collected(visit.features) and row.status == "open"
        payable = may_pay and pay_offers.is_payable(db, row, offered=visit.method_types, shows_kept=True)
        correctable = invoice_corrections.may_correct(db, visit.features, row, now=visit.now)
    shown |= {"confirmable": confirmable, "offer": offer, "payable": payable, "correctable": correctable}
    return render_template("hosted/invoice.html", id=id, link_of=_credit_note_link, **shown)


@page(blueprint, "/credit-notes/<id>", allows=permissions.may_see_invoices)
def credit_note(visit: Visit, id: str) -> PageResponse:
    """Everything a credit note says, and the invoice it corrects."""
    with visit.reading() as db:
        row = own_documents.find_own(db, visit, "credit_note", id)
        shown = document_context.credit_note_context(db, row)
    return render_template("hosted/credit_note.html", id=id, invoice_id=row.invoice_id, **shown)


@page(blueprint, "/invoices/<id>/transfer.svg", allows=permissions.may_see_invoices)
def transfer_code(visit: Visit, id: str) -> PageResponse:
    """The code for banking apps that pays the invoice."""
    with visit.reading() as db:
        return document_files.transfer_code_response(db, own_documents.find_own(db, visit, "invoice", id))


def _declare_pdf(kind: KindName, rule: str) -> None:
    def download(visit: Visit, id: str) -> PageResponse:
        if stored := document_files.find_stored_pdf(visit.scope, kind, id, visit.customer_id, visit.locale):
            return stored
        with visit.reading() as db:
            row = own_documents.find_own(db, visit, kind, id)
        return document_files.download_pdf(visit.scope, kind, row)

    download.__name__ = f"{kind}_pdf"
    page(blueprint, rule, allows=permissions.may_see_invoices)(download)


def _declare_xml(kind: KindName, rule: str) -> None:
    def download(visit: Visit, id: str, format: str) -> PageResponse:
        with visit.reading() as db:
            row = own_documents.find_own(db, visit, kind, id)
        return document_files.download_xml(visit.scope, row, format)

    download.__name__ = f"{kind}_xml"
    page(blueprint, rule, allows=permissions.may_see_invoices)(download)


def _credit_note_link(note: CreditNote) -> str:
    return f"../credit-notes/{note.id}"


for _kind, _rule in PDF_RULES.items():
    _declare_pdf(_kind, _rule)
for _kind, _rule in XML_RULES.items():
    _declare_xml(_kind, _rule)
