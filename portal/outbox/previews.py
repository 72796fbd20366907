"""Sample data for every mail, shown by `portal mail preview` and below `/mails`."""

from dataclasses import replace
from datetime import date
from typing import Any

from portal import i18n
from portal.billing.customer_portal.bill_previews import BillLine, BillPreview
from portal.documents import samples
from portal.documents.parts import Payment
from portal.documents.sample_merchants import SampleMerchant, merchant_for
from portal.documents.values import Bill, InvoiceDocument, QuoteDocument
from portal.outbox.mail_texts import OutgoingMail, PlanPart
from portal.rules.mails import OPTIONAL_MAILS

_SAMPLE_DAY = 1795262400  # 21 November 2026
_INVOICE_URL = "https://billing.example.com/i/sample"
_ENDPOINT = {"endpoint": "we_sample", "url": "https://shop.example.com/hooks"}

_DEBIT = {
    "number": "INV-1001",
    "amount": 11900,
    "currency": "eur",
    "collect_on": date(2026, 12, 7),
    "mandate": "M-2026-1001",
    "mandate_url": "https://billing.example.com/m/3f2a/pdf",
    "creditor": "Rocket Rides",
    "creditor_id": "DE98ZZZ09999999999",
    "last4": "3000",
    "url": _INVOICE_URL,
}
_CHARGE = {"number": "INV-1001", "amount": 11900, "currency": "eur", "last4": "4242", "url": _INVOICE_URL}
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
    "cancellation_received": {"received_at": _SAMPLE_DAY, "withdrawal": False},
    "cancellation_waiting": {
        "notice": "bpcn_sample",
        "received_at": _SAMPLE_DAY,
        "name": "Jenny Rosen",
        "email": "jenny.rosen@example.com",
        "number": "INV-1001",
        "kind": "ordinary",
    },
    "contact_changed": {"change": "added", "email": "lea@example.com", "role": "accountant"},
    "contact_invited": {
        "account": "Rosen GmbH",
        "role": "accountant",
        "invitation_url": "https://billing.example.com/join/sample",
        "expires_at": _SAMPLE_DAY + 7 * 86400,
    },
    "credit_note": {"url": _INVOICE_URL},
    "debit_announced": {**_DEBIT, "next_on": None},
    "debit_failed": {**_DEBIT, "next_on": date(2026, 12, 14)},
    "debits_failing": {
        "count": 1,
        "debits": [
            {
                "debit": "ddt_sample",
                "invoice": "in_sample",
                "customer": "cus_sample",
                "amount": 11900,
                "currency": "eur",
                "reason": "AM04",
            }
        ],
    },
    "email_changed": {
        "new_email": "j•••@example.com",
        "hours": 72,
        "undo_url": "https://billing.example.com/undo/sample",
    },
    "email_code": {"code": "12345678", "minutes": 10},
    "invoice": {"url": _INVOICE_URL},
    "quote": {"url": "https://billing.example.com/q/sample", "may_answer": True},
    "login_code": {"code": "12345678", "minutes": 10},
    "payment_declined": {**_CHARGE, "next_on": date(2026, 12, 14)},
    "payment_reminder": {"url": _INVOICE_URL, "overdue": True},
    "payment_to_confirm": {**_CHARGE, "next_on": None},
    "payout_declined": {"amount": 4200, "currency": "eur"},
    "payment_disputed": {
        "amount": 4200,
        "currency": "eur",
        "customer": "cus_sample",
        "number": "2026-0042",
        "payment_intent": "pi_sample",
        "won": False,
        "is_part": False,
    },
    "payout_requested": {"amount": 4200, "currency": "eur"},
    "payout_waiting": {"amount": 4200, "currency": "eur", "refund": "re_sample", "customer": "cus_sample"},
    "receipt": {"url": _INVOICE_URL},
    "recipients_changed": {"added": ["accounting@example.com"], "removed": []},
    "refunded": {"number": "INV-1001", "amount": 11900, "currency": "eur", "last4": "4242", "url": _INVOICE_URL},
    "subscription_canceled": {
        "canceled_at": _SAMPLE_DAY,
        "ends_at": _SAMPLE_DAY + 30 * 86400,
        "ended": False,
        "document": None,
        "invoice_url": None,
        "attached": False,
        "bill": None,
        "keep_url": "https://billing.example.com/keep/sample",
    },
    "subscription_changed": {
        "state": "made",
        "starts_at": None,
        "keep_url": None,
        "invoice_url": _INVOICE_URL,
        "attached": True,
    },
    "subscription_paused": {
        "paused": True,
        "resumes_at": _SAMPLE_DAY + 30 * 86400,
        "renews_at": _SAMPLE_DAY + 60 * 86400,
        "document": None,
        "invoice_url": None,
        "attached": False,
    },
    "subscription_started": {
        "trial_end": None,
        "manage_url": "https://billing.example.com/p/login/sample",
        "cancel_url": "https://billing.example.com/cancel/sample",
        "withdraw_until": _SAMPLE_DAY + 16 * 86400,
        "withdraw_url": "https://billing.example.com/withdraw/sample",
    },
    "subscription_withdrawn": {
        "received_at": _SAMPLE_DAY,
        "refunded": 2380,
        "credited": 0,
        "waived": 0,
        "currency": "eur",
    },
    "tax_id_changed": {"added": True, "value": "DE136695976"},
    "trial_ending": {
        "ends_at": _SAMPLE_DAY + 3 * 86400,
        "stops": False,
        "pauses": False,
        "manage_url": "https://billing.example.com/p/login/sample",
    },
    "webhook_disabled": _ENDPOINT,
    "webhook_failing": {**_ENDPOINT, "failing_since": _SAMPLE_DAY, "failure": "HTTP 500"},
}


#: Mails that merchants get.
_TO_MERCHANTS = ("billing_failing", "cancellation_waiting", "debits_failing", "webhook_disabled", "webhook_failing")


def sample_mail(name: str, locale: str) -> OutgoingMail:
    """A sample of the mail `name`, from a merchant who speaks the language of the mail."""
    merchant = merchant_for(i18n.catalogue_language(locale))
    about = _document_values(name, merchant.locale) | _plan_values(name, merchant)
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


def _plan_values(name: str, merchant: SampleMerchant) -> dict[str, Any]:
    """What the words of a mail about a plan are made with: the merchant's own, in its language and currency."""
    (plan, _, price), *_ = merchant.positions
    if name in {"subscription_canceled", "subscription_paused", "subscription_withdrawn"}:
        return {"plan": plan}
    if name in {"subscription_started", "trial_ending"}:
        bill = _bill_preview(merchant, 2, _SAMPLE_DAY + 3 * 86400, discount=price // 5)
        terms = {"amount": 2 * price, "interval": "month", "interval_count": 1}
        return {"plan": plan, "bill": bill, "currency": merchant.currency, **terms}
    if name == "subscription_changed":
        before = PlanPart(_SMALL_PLANS.get(merchant.locale, _SMALL_PLANS["en"]), 1, price // 2, "month", 1)
        after = PlanPart(plan, 3, 3 * price, "month", 1)
        bill = _bill_preview(merchant, 3, _SAMPLE_DAY + 30 * 86400)
        return {"before": [before], "after": [after], "bill": bill, "currency": merchant.currency}
    return {}


#: The names of a smaller plan than the first position of each merchant.
_SMALL_PLANS = {"en": "Silver plan", "de": "Silber-Abo", "fr": "Abonnement Argent", "ar": "الاشتراك الفضي"}


def _bill_preview(merchant: SampleMerchant, quantity: int, at: int, discount: int = 0) -> BillPreview:
    """The next bill of so many of the merchant's first position."""
    (plan, _, price), *_ = merchant.positions
    line = BillLine(f"{quantity} × {plan}", quantity * price)
    tax = (line.amount - discount) * int(merchant.tax[1]) // 100
    total = line.amount - discount + tax
    return BillPreview(
        at=at,
        currency=merchant.currency,
        lines=(line,),
        discount=discount,
        added_tax=tax,
        included_tax=0,
        total=total,
        applied=0,
        amount_due=total,
        due_date=None,
    )


def _document_values(name: str, locale: str) -> dict[str, Any]:
    """What the words of a mail about a document are made with."""
    document: Bill | QuoteDocument
    if name == "credit_note":
        document = samples.credit_note(locale)
    elif name == "quote":
        document = samples.quote(locale)
    elif name == "receipt":
        document = _paid(samples.invoice(locale))
    elif name in ("invoice", "payment_reminder", "subscription_changed"):
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
