"""The provider for test mode: cards whose numbers say what comes of a charge. No money moves, nothing is remembered.

The numbers and tokens are those that the reference documents for tests, and two whose dispute decides itself. A card
that is declined can be kept, so that it is the payment that fails. Everything follows from the name under which a card
is kept, so the same question has the same answer however often it is asked.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from portal import clock
from portal.providers import magic_disputes
from portal.providers.interface import (
    Abilities,
    Charge,
    ChargeResult,
    Decline,
    GivenMethod,
    KeptMethod,
    RefundResult,
    RefusedMethod,
    Repayment,
)
from portal.rules import cards

Behaviour = Literal[
    "confirm",
    "decline",
    "dispute",
    "dispute_lost",
    "dispute_won",
    "expired",
    "inquiry",
    "insufficient",
    "refund_fails",
    "refund_waits",
    "succeed",
]
#: How long a refund takes, and how many years a card is valid of which nothing is said.
REFUNDED_AFTER, YEARS = 60, 3
_DECEMBER = 12


@dataclass(frozen=True)
class MagicCard:
    """A card of the sandbox: its token, its number, and what comes of charging it."""

    token: str
    number: str
    brand: str
    behaviour: Behaviour

    @property
    def last4(self) -> str:
        """The last digits of the number."""
        return self.number[-4:]


CARDS = (
    MagicCard("tok_visa", "4242424242424242", "visa", "succeed"),
    MagicCard("tok_mastercard", "5555555555554444", "mastercard", "succeed"),
    MagicCard("tok_visa_chargeDeclined", "4000000000000002", "visa", "decline"),
    MagicCard("tok_visa_chargeDeclinedInsufficientFunds", "4000000000009995", "visa", "insufficient"),
    MagicCard("tok_chargeDeclinedExpiredCard", "4000000000000069", "visa", "expired"),
    MagicCard("tok_authenticationRequired", "4000002760003184", "visa", "confirm"),
    MagicCard("tok_createDispute", "4000000000000259", "visa", "dispute"),
    MagicCard("tok_createDisputeInquiry", "4000000000001976", "visa", "inquiry"),
    MagicCard("tok_createDisputeWon", "4000000000000267", "visa", "dispute_won"),
    MagicCard("tok_createDisputeLost", "4000000000000275", "visa", "dispute_lost"),
    MagicCard("tok_pendingRefund", "4000000000007726", "visa", "refund_waits"),
    MagicCard("tok_refundFail", "4000000000005126", "visa", "refund_fails"),
)
_BY_TOKEN = {card.token: card for card in CARDS}
_DECLINES: dict[Behaviour, Decline] = {
    "decline": Decline("card_declined", "Your card was declined.", "generic_decline", may_pass_later=True),
    "insufficient": Decline(
        "card_declined", "Your card has insufficient funds.", "insufficient_funds", may_pass_later=True
    ),
    "expired": Decline("expired_card", "Your card has expired."),
}
_REF = re.compile(r"(\w+):([0-9]{4})-([0-9]{2})")


class Sandbox:
    """The provider `sandbox`."""

    name = "sandbox"
    abilities = Abilities(types=frozenset({"card"}), livemode=False, refunds=True)

    def set_up(self, given: GivenMethod, *, now: int) -> KeptMethod:
        """Keep one of the magic cards."""
        card = _BY_TOKEN.get(given.token)
        if card is None:
            raise RefusedMethod("The sandbox has no such card. Its tokens are: " + ", ".join(_BY_TOKEN) + ".")
        month = given.exp_month or _DECEMBER
        year = given.exp_year or datetime.fromtimestamp(now, UTC).year + YEARS
        return KeptMethod(
            provider=self.name,
            ref=f"{card.token}:{year:04}-{month:02}",
            type="card",
            details={
                "brand": card.brand,
                "country": "US",
                "exp_month": month,
                "exp_year": year,
                "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
                "funding": "credit",
                "last4": card.last4,
            },
        )

    def collect(self, charge: Charge) -> ChargeResult:
        """What the card is known for."""
        behaviour, year, month = _read_ref(charge.method_ref)
        ref = charge.ref or f"sandbox_{charge.id}"
        if not cards.is_valid(year, month, charge.asked_at):
            behaviour = "expired"
        if behaviour in _DECLINES:
            return ChargeResult("requires_payment_method", ref, _DECLINES[behaviour])
        if behaviour == "confirm" and charge.confirmed_at is None:
            return ChargeResult("requires_action", ref, ask_again_in=clock.DAY)
        disputed = magic_disputes.KINDS.get(behaviour)
        return magic_disputes.tell(disputed, charge, ref) if disputed else ChargeResult("succeeded", ref)

    def refund(self, repayment: Repayment) -> RefundResult:
        """Pay back at once, or as the card is known for: after a minute, or not at all, as is known after a minute."""
        behaviour, *_ = _read_ref(repayment.method_ref)
        ref = repayment.ref or f"sandbox_{repayment.id}"
        left = repayment.asked_at + REFUNDED_AFTER - repayment.now
        if behaviour == "refund_waits" and left > 0:
            return RefundResult("pending", ref, ask_again_in=left)
        if behaviour != "refund_fails":
            return RefundResult("succeeded", ref)
        if left > 0:
            return RefundResult("succeeded", ref, ask_again_in=left)
        return RefundResult("failed", ref, "expired_or_canceled_card")


def _read_ref(method_ref: str) -> tuple[Behaviour, int, int]:
    """What is known of a card by its name here: what comes of it, and its last month."""
    token, year, month = _REF.fullmatch(method_ref).groups()  # type: ignore[union-attr]
    return _BY_TOKEN[token].behaviour, int(year), int(month)
