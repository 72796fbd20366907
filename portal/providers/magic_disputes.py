"""What becomes of payments by the sandbox's cards whose charges are disputed: a minute later, by the merchant's answer.

The words of evidence that decide are those that the reference documents for tests. Without an answer a dispute is lost
once its days are over, and an inquiry closed.
"""

from dataclasses import dataclass, replace

from portal import clock
from portal.providers.interface import Charge, ChargeResult, ChargeStatus, DisputeReply, DisputeState, DisputeStatus

#: Seconds until a payment is disputed, and until a dispute is decided that decides itself; how long answers are taken.
DISPUTED_AFTER, DECIDED_AFTER, DAYS = 60, 60, 7
#: Of Visa: fraud, card absent.
_NETWORK_CODE = "10.4"
_MONEY: dict[DisputeStatus, ChargeStatus] = {
    "lost": "disputed",
    "needs_response": "disputed",
    "under_review": "disputed",
    "won": "reinstated",
}


@dataclass(frozen=True)
class Kind:
    """How a dispute begins, what each word of evidence makes of it, and what it becomes without an answer."""

    begins: DisputeStatus
    read: DisputeStatus
    accepted: DisputeStatus
    words: dict[str, DisputeStatus]
    decided: DisputeStatus
    decided_after: int


_ESCALATE = "escalate_inquiry_evidence"
_DISPUTE = Kind(
    "needs_response",
    "under_review",
    "lost",
    {"winning_evidence": "won", "losing_evidence": "lost"},
    "lost",
    DAYS * clock.DAY,
)
_INQUIRY = Kind(
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    {"winning_evidence": "warning_closed", "losing_evidence": "needs_response", _ESCALATE: "needs_response"},
    "warning_closed",
    DAYS * clock.DAY,
)
#: By what a card is known for.
KINDS = {
    "dispute": _DISPUTE,
    "dispute_lost": replace(_DISPUTE, decided_after=DECIDED_AFTER),
    "dispute_won": replace(_DISPUTE, decided="won", decided_after=DECIDED_AFTER),
    "inquiry": _INQUIRY,
}


def tell(kind: Kind, charge: Charge, ref: str) -> ChargeResult:
    """What has become of a charge that is disputed after a minute."""
    begun = charge.asked_at + DISPUTED_AFTER
    if charge.now < begun:
        return ChargeResult("succeeded", ref, ask_again_in=begun - charge.now)
    name = f"sandbox_dp_{charge.id}"
    reply = charge.find_reply(name)
    judge, read = _find_judge(kind, reply)
    status = _find_status(judge, read)
    if judge is _INQUIRY and status == _DISPUTE.begins:
        judge = _DISPUTE
    ends = begun + judge.decided_after
    if status == judge.begins and charge.now >= ends:
        status = judge.decided
    return ChargeResult(
        _MONEY.get(status, "succeeded"),
        ref,
        ask_again_in=ends - charge.now if status == judge.begins else None,
        disputes=(
            DisputeState(
                name,
                charge.amount,
                "general" if kind is _INQUIRY else "fraudulent",
                status,
                network_reason_code=_NETWORK_CODE,
                due_by=begun + DAYS * clock.DAY,
                reply=reply,
            ),
        ),
    )


def _find_judge(kind: Kind, reply: DisputeReply | None) -> tuple[Kind, DisputeReply | None]:
    """By what an answer is read: an inquiry that was escalated is a dispute, which its first answer doesn't answer."""
    if kind is not _INQUIRY or reply is None or reply.of_inquiry:
        return kind, reply
    return _DISPUTE, reply if reply.accepted or reply.submission > 1 else None


def _find_status(kind: Kind, reply: DisputeReply | None) -> DisputeStatus:
    if reply is None:
        return kind.begins
    if reply.accepted:
        return kind.accepted
    return kind.words.get(reply.evidence.get("uncategorized_text", ""), kind.read)
