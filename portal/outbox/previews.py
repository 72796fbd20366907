"""Sample data for every mail, shown by `portal mail preview`."""

from typing import Any

from portal.outbox.mail_texts import OutgoingMail
from portal.rules.mails import OPTIONAL_MAILS

_SAMPLE_DAY = 1795262400  # 21 November 2026
_INVOICE = {
    "number": "RIDES-0007",
    "amount_due": 123400,
    "total": 123400,
    "currency": "eur",
    "due_date": _SAMPLE_DAY + 14 * 86400,
    "url": "https://billing.example.com/i/sample",
}
_ENDPOINT = {"endpoint": "we_sample", "url": "https://shop.example.com/hooks"}

#: What the words of each mail are made with.
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
    "credit_note": {**_INVOICE, "number": "RIDES-0007-CN-01", "invoice_number": "RIDES-0007", "total": 5000},
    "email_changed": {
        "new_email": "j•••@example.com",
        "hours": 72,
        "undo_url": "https://billing.example.com/undo/sample",
    },
    "email_code": {"code": "12345678", "minutes": 10},
    "invoice": _INVOICE,
    "login_code": {"code": "12345678", "minutes": 10},
    "payment_reminder": {**_INVOICE, "overdue": True},
    "receipt": {**_INVOICE, "amount_paid": 123400, "paid_at": _SAMPLE_DAY},
    "subscription_canceled": {
        "plan": "Gold plan",
        "canceled_at": _SAMPLE_DAY,
        "ends_at": _SAMPLE_DAY + 30 * 86400,
        "ended": False,
        "may_keep": True,
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
    },
    "tax_id_changed": {"added": True, "value": "DE136695976"},
    "trial_ending": {
        "plan": "Gold plan",
        "ends_at": _SAMPLE_DAY + 3 * 86400,
        "stops": False,
        "amount": 1000,
        "currency": "eur",
        "interval": "month",
        "interval_count": 1,
    },
    "webhook_disabled": _ENDPOINT,
    "webhook_failing": {**_ENDPOINT, "failing_since": _SAMPLE_DAY, "failure": "HTTP 500"},
}


def sample_mail(name: str, locale: str) -> OutgoingMail:
    """A sample of the mail `name`."""
    return OutgoingMail(
        to="jenny.rosen@example.com",
        locale=locale,
        merchant="Rocket Rides",
        reply_to="help@rides.example.com",
        color="#22384d",
        context=SAMPLES[name],
        unsubscribe="https://billing.example.com/unsubscribe/sample" if name in OPTIONAL_MAILS else None,
    )
