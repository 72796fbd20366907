"""The receipt of a notice of cancellation, behind its link: a page, and the same as a PDF."""

from flask import Blueprint, abort, render_template
from flask_babel import gettext as _

from portal import clock
from portal.db import find_row
from portal.documents.build_cancellations import build_notice
from portal.documents.cancellations import CancellationNoticeDocument
from portal.hosted.document_files import pdf_response
from portal.hosted.document_links import expired_link_page, merchant_of_link
from portal.hosted.page import PageResponse
from portal.models import CancellationNotice
from portal.objects.links import MIN_AFTER_ISSUE
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("notice_receipts", __name__)


@blueprint.get("/n/<token>")
def receipt(token: str) -> PageResponse:
    """What was declared and when it was received; it says nothing of whose contract it is about."""
    document, expired = _find_receipt(token)
    return expired or render_template("hosted/cancel_page_receipt.html", document=document, pdf=f"{token}/pdf")


@blueprint.get("/n/<token>/pdf")
def file(token: str) -> PageResponse:
    """The receipt as a PDF."""
    document, expired = _find_receipt(token)
    if expired:
        return expired
    content, kind = services().documents.pdf_of_value(document), DOCUMENT_KINDS["cancellation_notice"]
    return pdf_response(content, _(kind.heading), document.number)


def _find_receipt(token: str) -> tuple[CancellationNoticeDocument, PageResponse | None]:
    """The receipt, and what is answered instead where its link has expired."""
    link = services().links.read(token, "cancellation_notice") or abort(404)
    scope, account = merchant_of_link(link)
    with services().database.reading(scope) as db:
        document = build_notice(db, find_row(db, CancellationNotice, link.id, noun="cancellation notice"))
    expired = expired_link_page(account) if clock.now() >= link.issued_at + MIN_AFTER_ISSUE else None
    return document, expired


for _name in ("receipt", "file"):
    declare_policy(f"notice_receipts.{_name}", "link")
