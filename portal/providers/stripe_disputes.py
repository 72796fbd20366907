"""Disputes of charges at Stripe: what they are, and what the merchant answers to them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from portal.providers.interface import Charge, ChargeStatus, DisputeReply, DisputeState, DisputeStatus
from portal.providers.stripe_client import find_client, plain

_OPEN = frozenset({"needs_response", "warning_needs_response"})
#: Statuses that the portal has no word for, by those that mean the same to it: one that was prevented takes nothing.
_STATUSES = {
    "appeal_needs_response": "lost",
    "appeal_under_review": "under_review",
    "prevented": "warning_closed",
}


def find_all(client: Any, charge: Charge, intent: Mapping[str, Any]) -> tuple[DisputeState, ...]:
    """The disputes of a charge, each after Stripe was told what the merchant answers."""
    if not (intent.get("latest_charge") or {}).get("disputed"):
        return ()
    found = client.v1.disputes.list({"payment_intent": intent["id"], "limit": 100}).data
    replies = {each.ref: each for each in charge.replies}
    return tuple(_tell_and_read(client, plain(each), replies.get(each.id), charge) for each in found)


def find_outcome(disputes: Sequence[DisputeState]) -> ChargeStatus:
    """Whether the money was taken back, or came back as the merchant has won; an inquiry takes nothing."""
    taken = {each.status for each in disputes if not each.status.startswith("warning_")}
    if taken == {"won"}:
        return "reinstated"
    return "disputed" if taken else "succeeded"


def _tell_and_read(client: Any, dispute: Mapping[str, Any], reply: DisputeReply | None, charge: Charge) -> DisputeState:
    if reply is not None and dispute["status"] in _OPEN:
        dispute = _tell(client, dispute, reply)
    details, status = dispute.get("evidence_details") or {}, dispute["status"]
    return DisputeState(
        dispute["id"],
        dispute.get("amount") or charge.amount,
        dispute.get("reason") or "general",
        cast(DisputeStatus, _STATUSES.get(status, status)),
        network_reason_code=dispute.get("network_reason_code"),
        due_by=details.get("due_by"),
        reply=reply,
    )


def _tell(client: Any, dispute: Mapping[str, Any], reply: DisputeReply) -> Mapping[str, Any]:
    """Close a dispute or hand evidence in, unless that was done; answers with what it is then."""
    disputes, key = client.v1.disputes, {"idempotency_key": f"{reply.ref}-{reply.submission}-{reply.accepted}"}
    try:
        if reply.accepted:
            return plain(disputes.close(reply.ref, {}, key))
        if ((dispute.get("evidence_details") or {}).get("submission_count") or 0) >= reply.submission:
            return dispute
        return plain(disputes.update(reply.ref, {"evidence": dict(reply.evidence), "submit": True}, key))
    except find_client().InvalidRequestError:
        return plain(disputes.retrieve(reply.ref))  # what counts is what it is
