"""Disputes of charges at Stripe: what they are, and what the merchant answers to them."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from portal.providers.interface import Charge, ChargeStatus, DisputeReply, DisputeState, DisputeStatus
from portal.providers.stripe_client import find_client, plain

log = logging.getLogger("portal")

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
    is_refused = False
    if reply is not None:
        dispute, is_refused = _tell(client, dispute, reply)
    details, status = dispute.get("evidence_details") or {}, dispute["status"]
    return DisputeState(
        dispute["id"],
        dispute.get("amount") or charge.amount,
        dispute.get("reason") or "general",
        cast(DisputeStatus, _STATUSES.get(status, status)),
        network_reason_code=dispute.get("network_reason_code"),
        due_by=details.get("due_by"),
        reply=reply,
        is_refused=is_refused,
    )


def _tell(client: Any, dispute: Mapping[str, Any], reply: DisputeReply) -> tuple[Mapping[str, Any], bool]:
    """Close a dispute or hand evidence in, unless that was done; what it is then, and whether Stripe has no evidence.

    What was said of an inquiry does not accept the dispute that has come of it.
    """
    if _holds(dispute, reply):
        return dispute, False
    if dispute["status"] not in _OPEN or reply.of_inquiry != dispute["status"].startswith("warning_"):
        return dispute, not reply.accepted
    try:
        return _answer(client, reply), False
    except find_client().InvalidRequestError as error:
        log.warning("Stripe refuses the answer to the dispute %s: %s", reply.ref, error.user_message or error.code)
        dispute = plain(client.v1.disputes.retrieve(reply.ref))  # what counts is what it is
        return dispute, not reply.accepted and not _holds(dispute, reply)


def _holds(dispute: Mapping[str, Any], reply: DisputeReply) -> bool:
    """Whether there is nothing to tell Stripe (any more)."""
    if reply.accepted:
        return dispute["status"] not in _OPEN
    told = (dispute.get("evidence_details") or {}).get("submission_count")
    return not reply.evidence or (dispute["status"] not in _OPEN if told is None else told >= reply.submission)


def _answer(client: Any, reply: DisputeReply) -> Mapping[str, Any]:
    disputes = client.v1.disputes
    if reply.accepted:
        return plain(disputes.close(reply.ref, {}))
    # Stripe keeps what it answers to a key for a day: other words, which it may take, are another answer
    words = hashlib.sha256(json.dumps(dict(reply.evidence), sort_keys=True).encode()).hexdigest()[:32]
    key = {"idempotency_key": f"{reply.ref}-{reply.submission}-{words}"}
    return plain(disputes.update(reply.ref, {"evidence": dict(reply.evidence), "submit": True}, key))
