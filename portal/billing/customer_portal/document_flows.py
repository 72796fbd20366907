"""Flows about one document: correct an invoice, or answer a quote. Their parameters are checked, and stored."""

from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import mirrors
from portal.billing.customer_portal import invoice_corrections
from portal.billing.customer_portal.params import FlowData
from portal.billing.ledger.customer_times import time_of
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Invoice, Quote
from portal.rules.permissions import Features


def build_correction_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to a correction. Raises `InvalidRequest` for an invoice that can't be corrected now."""
    param = "flow_data[invoice_correction][invoice]"
    if flow.invoice_correction is None:
        raise MissingParameter(param)
    invoice = find_row(db, Invoice, flow.invoice_correction.invoice, noun="invoice", param=param)
    if invoice.customer_id != customer_id:
        raise ResourceMissing("invoice", invoice.id, param=param)
    now = time_of(db, invoice, clock.now())
    if not mirrors.is_billed_here(db) or not invoice_corrections.may_correct(db, features, invoice, now=now):
        raise InvalidRequest(
            f"The customer can't correct the invoice '{invoice.id}' now: see features[invoice_correction] of the"
            " configuration, which needs features[invoice_history] as well.",
            param=param,
        )
    return {"invoice": invoice.id}


def build_quote_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to the answer of a quote. Raises `InvalidRequest` for one that is not open."""
    param = "flow_data[quote_accept][quote]"
    if flow.quote_accept is None:
        raise MissingParameter(param)
    quote = find_row(db, Quote, flow.quote_accept.quote, noun="quote", param=param)
    if quote.customer_id != customer_id:
        raise ResourceMissing("quote", quote.id, param=param)
    expired = quote.expires_at <= time_of(db, quote, clock.now())
    if quote.status != "open" or expired or not mirrors.is_billed_here(db):
        raise InvalidRequest(f"The quote '{quote.id}' can't be accepted: it must be finalized and open.", param=param)
    return {"quote": quote.id}
