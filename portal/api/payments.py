"""Calls for payment records (payments made outside the portal) and invoice payments."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.invoices import payment_records, payments
from portal.billing.invoices.params import AttachPayment, ListInvoicePayments
from portal.billing.refunds import reports
from portal.billing.refunds.params import ReportRefund
from portal.models import InvoicePayment
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    record = Resource(blueprint, "payment_record", "payment_records")
    record.create(payment_records.ReportPayment, payment_records.report, "report_payment")
    record.retrieve()
    for outcome, command in _OUTCOMES.items():
        record.change(command, payment_records.outcome_reporter(outcome), f"report_payment_attempt_{outcome}")

    record.change(ReportRefund, reports.report, "report_refund")

    payment = Resource(blueprint, "invoice_payment", "invoice_payments")
    payment.retrieve()
    payment.list(ListInvoicePayments, _select_invoice_payments)
    Resource(blueprint, "invoice", "invoices").change(AttachPayment, payments.attach, "attach_payment")


_OUTCOMES: dict[str, Any] = {
    "canceled": payment_records.AttemptCanceled,
    "failed": payment_records.AttemptFailed,
    "guaranteed": payment_records.AttemptGuaranteed,
}


def _select_invoice_payments(params: ListInvoicePayments) -> Select[Any]:
    statement = select(InvoicePayment).where(*range_conditions(InvoicePayment.created, params.created))
    statement = statement.where(
        *equal_conditions(params, invoice=InvoicePayment.invoice_id, status=InvoicePayment.status)
    )
    if params.payment and params.payment.payment_record:
        statement = statement.where(InvoicePayment.payment_record_id == params.payment.payment_record)
    return statement
