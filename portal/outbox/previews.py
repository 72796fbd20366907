"""Sample data for every mail, shown by `portal mail preview` and below `/mails`."""

from dataclasses import replace
from datetime import date
from typing import Any

from portal import i18n
from portal.billing.customer_portal.bill_previews import BillLine, BillPreview
from portal.documents import samples
from portal.documents.parts import Payment
from portal.documents.sample_merchants import MERCHANTS
from portal.documents.values import Bill, InvoiceDocument
from portal.outbox.mail_texts import OutgoingMail
from portal.rules.mails import OPTIONAL_MAILS

_SAMPLE_DAY = 1795262400  # 21 November 2026
_INVOICE_URL = "https://billing.example.com/i/sample"
_TRIAL_BILL = BillPreview(
    at=_SAMPLE_DAY + 3 * 86400,
    currency="eur",
    lines=(BillLine("2 × Gold plan", 4000),),
    discount=400,
    added_tax=684,
    included_tax=0,
    total=4284,
    applied=0,
    amount_due=4284,
    due_date=None,
)
_ENDPOINT = {"endpoint": "we_sample", "url": "https://shop.example.com/hooks"}

#: What the words of each mail are made with, beside the document of those that are about one.
SAMPLES: dict[str, dict[str, Any]] = {
    "billing_failing": {
        "count": 1,
        "steps": [
            {
                "customer": "cus_sample",
                "record": "sub_sample",
                "step": "renew",
                "since": _SAMPLE_DAY,
                "failure": "ResourceMissing: No such price: 'price_sample'",
            }
        ],
    },
    "credit_note": {"url": _INVOICE_URL},
    "email_changed": {
        "new_email": "j•••@example.com",
        "hours": 72,
        "undo_url": "https://billing.example.com/undo/sample",
    },
    "email_code": {"code": "12345678", "minutes": 10},
    "invoice": {"url": _INVOICE_URL},
    "login_code": {"code": "12345678", "minutes": 10},
    "payment_reminder": {"url": _INVOICE_URL, "overdue": True},
    "receipt": {"url": _INVOICE_URL},
    "subscription_canceled": {
        "plan": "Gold plan",
        "canceled_at": _SAMPLE_DAY,
        "ends_at": _SAMPLE_DAY + 30 * 86400,
        "ended": False,
        "keep_url": "https://billing.example.com/keep/sample",
    },
    "subscription_changed": {
        "before": "Silver plan",
        "after": "Gold plan",
        "quantity": 3,
        "amount": 6000,
        "currency": "eur",
        "interval": "month",
        "interval_count": 1,
        "starts_at": _SAMPLE_DAY + 30 * 86400,
        "unpaid": False,
        "keep_url": "https://billing.example.com/keep/sample",
        "invoice_url": None,
    },
    "tax_id_changed": {"added": True, "value": "DE136695976"},
    "trial_ending": {
        "plan": "Gold plan",
        "ends_at": _SAMPLE_DAY + 3 * 86400,
        "stops": False,
        "bill": _TRIAL_BILL,
        "manage_url": "https://billing.example.com/p/login/sample",
        "amount": 4000,
        "currency": "eur",
        "interval": "month",
        "interval_count": 1,
    },
    "webhook_disabled": _ENDPOINT,
    "webhook_failing": {**_ENDPOINT, "failing_since": _SAMPLE_DAY, "failure": "HTTP 500"},
}


#: Mails that merchants get.
_TO_MERCHANTS = ("billing_failing", "webhook_disabled", "webhook_failing")


def sample_mail(name: str, locale: str) -> OutgoingMail:
    """A sample of the mail `name`, from a merchant who speaks the language of the mail."""
    merchant = MERCHANTS[i18n.catalogue_language(locale)]
    about = _document_values(name, merchant.locale)
    to_customer = name not in _TO_MERCHANTS
    return OutgoingMail(
        to="jenny.rosen@example.com",
        locale=locale,
        merchant=merchant.seller.name,
        greeted=merchant.buyer.name if to_customer and name != "email_code" else None,
        reference=about.get("number"),
        sender=merchant.seller if to_customer else None,
        footer=merchant.footer if to_customer else None,
        reply_to=merchant.seller.email,
        primary_color=merchant.color,
        context=SAMPLES[name] | about,
        unsubscribe="https://billing.example.com/unsubscribe/sample" if name in OPTIONAL_MAILS else None,
    )


def _document_values(name: str, locale: str) -> dict[str, Any]:
    """What the words of a mail about a document are made with."""
    document: Bill
    if name == "credit_note":
        document = samples.credit_note(locale)
    elif name == "receipt":
        document = _paid(samples.invoice(locale))
    elif name in ("invoice", "payment_reminder"):
        document = samples.invoice(locale, iban="DE89370400440532013000", bic="COBADEFFXXX")
    else:
        return {}
    return {"document": document, "number": document.number, "due_date": getattr(document, "due_date", None)}


def _paid(document: InvoiceDocument) -> InvoiceDocument:
    day = date(2026, 3, 9)
    payments = (Payment(paid_at=day, amount=document.total),)
    return replace(
        document, status="paid", paid_at=day, amount_paid=document.total, amount_remaining=0, payments=payments
    )
