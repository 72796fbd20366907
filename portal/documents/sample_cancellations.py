"""Sample documents of cancellations: confirmations, and receipts of notices and withdrawals."""

from dataclasses import replace
from datetime import date
from typing import Any

from portal.documents.cancellations import (
    CancellationDocument,
    CancellationNoticeDocument,
    UnpaidBill,
    WithdrawalDocument,
)
from portal.documents.parts import Party
from portal.documents.sample_merchants import merchant_for
from portal.documents.values import DocumentBase

_VERSION = "v2"
_ISSUE_DATE, _DUE_DATE, _PERIOD_END = date(2026, 3, 3), date(2026, 3, 17), date(2026, 4, 1)


def cancellation(locale: str = "en", **changes: Any) -> CancellationDocument:
    """A plan that a customer has canceled for the end of its period, with an invoice that is still to be paid."""
    scene = merchant_for(locale)
    document = CancellationDocument(
        number="bpcan_1TnVq3Jx0Yk2mB8wZr5Ls7Qd",
        currency=scene.currency,
        locale=locale,
        effective_at=_ISSUE_DATE,
        seller=scene.seller,
        buyer=scene.buyer,
        footer=scene.footer,
        brand_color=scene.color,
        version=_VERSION,
        plan=scene.positions[0][0],
        subscription="sub_1TnVq3Jx0Yk2mB8wZr5Ls7Qd",
        received_at="12:00:00 (Europe/Berlin)",
        ends_on=_PERIOD_END,
        feedback="too_expensive",
        unpaid=(UnpaidBill(amount=scene.positions[0][2], number="2026-0042", due_on=_DUE_DATE),),
    )
    return replace(document, **changes)


def notice(locale: str = "en", **changes: Any) -> CancellationNoticeDocument:
    """The receipt of a cancellation that came by the public page."""
    scene = merchant_for(locale)
    document = CancellationNoticeDocument(
        number="bpcn_1TnVq3Jx0Yk2mB8wZr5Ls7Qd",
        currency=scene.currency,
        locale=locale,
        effective_at=_ISSUE_DATE,
        seller=scene.seller,
        buyer=Party(name=scene.buyer.name, email="mail@example.com"),
        footer=scene.footer,
        brand_color=scene.color,
        version=_VERSION,
        received_at="12:00:00 (Europe/Berlin)",
        reference="2026-0042",
    )
    return replace(document, **changes)


def withdrawal(locale: str = "en", **changes: Any) -> WithdrawalDocument:
    """A plan that a consumer has withdrawn from, with what is paid back."""
    scene = merchant_for(locale)
    document = WithdrawalDocument(
        number="bpwd_1TnVq3Jx0Yk2mB8wZr5Ls7Qd",
        currency=scene.currency,
        locale=locale,
        effective_at=_ISSUE_DATE,
        seller=scene.seller,
        buyer=scene.buyer,
        footer=scene.footer,
        brand_color=scene.color,
        version=_VERSION,
        plan=scene.positions[0][0],
        subscription="sub_1TnVq3Jx0Yk2mB8wZr5Ls7Qd",
        received_at="12:00:00 (Europe/Berlin)",
        concluded_on=date(2026, 2, 25),
        refunded=scene.positions[0][2],
        credit_notes=("2026-0042-CN-01",),
    )
    return replace(document, **changes)


def trial_cancellations() -> list[DocumentBase]:
    """Every state of a confirmation, both directions, one without optional values."""
    bare = cancellation(unpaid=(), feedback=None, footer=None, brand_color=None)
    last = {"last_bill": 1200, "last_bill_on": _PERIOD_END, "unpaid": (UnpaidBill(amount=500),)}
    settled = {"credit": 800, "charge": 300, "unpaid": (UnpaidBill(amount=500, number="2026-0042"),)}
    own = {"feedback": None, "reason": "We moved", "comment": "Thank you!"}
    return [cancellation("ar", **last), cancellation("de", livemode=False, at_once=True, **settled, **own), bare]


def trial_notices() -> list[DocumentBase]:
    """Both kinds of notices, in both directions."""
    own = {"extraordinary": True, "reason": "The price was raised", "wanted_on": _PERIOD_END}
    return [notice("ar"), notice("de", livemode=False, **own), notice()]


def trial_withdrawals() -> list[DocumentBase]:
    """Every way to settle, in both directions, and a trial of which nothing was paid."""
    nothing: dict[str, Any] = {"refunded": 0, "credit_notes": (), "footer": None, "brand_color": None}
    rest: dict[str, Any] = {"livemode": False, "credited": 500, "waived": 300, "prorated": True}
    return [withdrawal("ar"), withdrawal("de", **rest), withdrawal(**nothing)]
