"""Setup intents: the way to a payment method that can be charged later."""

import secrets

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts.payment_providers import list_method_types
from portal.billing.ledger import locks
from portal.billing.payment_methods import mandates, methods
from portal.billing.payment_methods.mandates import Consent
from portal.billing.payment_methods.params import (
    CancelSetupIntent,
    ConfirmSetupIntent,
    CreateSetupIntent,
    CustomerAcceptance,
    UpdateSetupIntent,
)
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest, MissingParameter, params_within
from portal.models import Mandate, PaymentMethod, SetupIntent
from portal.recording import stage
from portal.seal import Seal
from portal.wire.commands import merge_metadata

NOUN = "setup intent"
_WAITING = frozenset({"requires_confirmation", "requires_payment_method"})


def create(db: Session, command: CreateSetupIntent, *, seal: Seal, now: int) -> SetupIntent:
    """Begin to set up a payment method, and with `confirm` complete it. Raises what `update` and `confirm` do."""
    intent = _begin(command.usage, now)
    intent.payment_method_types = _list_possible_types(db)
    db.add(intent)
    _apply(db, intent, command, seal, now)
    if command.confirm:
        stage(db, intent)  # that it was made is an event of its own
        _complete(db, intent, command, now)
    elif command.mandate_data:
        raise InvalidRequest("mandate_data goes with confirm=true only.", param="mandate_data")
    return intent


def note_success(db: Session, method: PaymentMethod, mandate: Mandate | None, *, now: int) -> SetupIntent:
    """The intent of a method that was set up on a page of the portal, with its mandate."""
    intent = _begin("off_session", now)
    intent.customer_id, intent.payment_method_types = method.customer_id, [method.type]
    db.add(intent)
    stage(db, intent)
    intent.payment_method_id, intent.mandate_id = method.id, mandate.id if mandate else None
    intent.status = "succeeded"
    return intent


def update(db: Session, intent: SetupIntent, command: UpdateSetupIntent, *, seal: Seal, now: int) -> SetupIntent:
    """Change what was sent. Raises `InvalidRequest` for an intent that is over, or another customer's method."""
    _lock(db, intent)
    _apply(db, intent, command, seal, now)
    return intent


def confirm(db: Session, intent: SetupIntent, command: ConfirmSetupIntent, *, seal: Seal, now: int) -> SetupIntent:
    """Attach the payment method, with a mandate. Raises `InvalidRequest` where one of them is missing."""
    _lock(db, intent)
    _choose_method(db, intent, command, seal, now)
    _complete(db, intent, command, now)
    return intent


def cancel(db: Session, intent: SetupIntent, command: CancelSetupIntent, *, now: int) -> SetupIntent:
    """Give it up. Raises `InvalidRequest` for one that is over."""
    _lock(db, intent)
    intent.status, intent.cancellation_reason = "canceled", command.cancellation_reason
    return intent


def _begin(usage: str, now: int) -> SetupIntent:
    id = ids.new("setup_intent")
    return SetupIntent(
        id=id,
        created=now,
        status="requires_payment_method",
        usage=usage,
        payment_method_types=["sepa_debit"],
        client_secret=f"{id}_secret_{secrets.token_urlsafe(24)}",
        metadata_={},
    )


def _lock(db: Session, intent: SetupIntent) -> None:
    if intent.customer_id:
        locks.customer(db, intent.customer_id)
    lock_and_refresh(db, intent, noun=NOUN)
    if intent.status not in _WAITING:
        raise InvalidRequest(
            f"The setup intent is {intent.status}, so it can't be changed any more.",
            code="setup_intent_unexpected_state",
        )


def _apply(db: Session, intent: SetupIntent, command: UpdateSetupIntent, seal: Seal, now: int) -> None:
    if command.customer is not None:
        if intent.customer_id not in {None, command.customer}:
            raise InvalidRequest("The customer of a setup intent can't be changed.", param="customer")
        intent.customer_id = locks.billable_customer(db, command.customer).id
    if command.payment_method_types:
        intent.payment_method_types = list(command.payment_method_types)
    if command.was_sent("description"):
        intent.description = command.description
    if command.was_sent("metadata"):
        intent.metadata_ = merge_metadata(intent.metadata_, command.metadata)
    _choose_method(db, intent, command, seal, now)


def _choose_method(
    db: Session, intent: SetupIntent, command: UpdateSetupIntent | ConfirmSetupIntent, seal: Seal, now: int
) -> None:
    """Set the payment method that was sent, by its id or whole. Raises `InvalidRequest` for another customer's."""
    id, data = command.payment_method, command.payment_method_data
    if id is not None and data is not None:
        raise InvalidRequest("Send payment_method or payment_method_data, not both.", param="payment_method_data")
    if id is not None:
        chosen = find_row(db, PaymentMethod, id, noun=methods.NOUN, param="payment_method")
    elif data is not None:
        with params_within("payment_method_data"):
            chosen = methods.create(db, data, seal=seal, now=now)
    else:
        return
    if chosen.type not in intent.payment_method_types:
        raise InvalidRequest(f"payment_method_types has no {chosen.type}.", param="payment_method")
    if chosen.detached_from or chosen.customer_id not in {None, intent.customer_id}:
        raise InvalidRequest("The payment method is another customer's, or was detached.", param="payment_method")
    db.flush()
    intent.payment_method_id, intent.status = chosen.id, "requires_confirmation"


def _complete(db: Session, intent: SetupIntent, command: ConfirmSetupIntent, now: int) -> None:
    if intent.payment_method_id is None:
        raise MissingParameter("payment_method", why="a setup intent can't be confirmed without one")
    method = find_row(db, PaymentMethod, intent.payment_method_id, noun=methods.NOUN, param="payment_method")
    if intent.customer_id is not None:
        methods.attach_to(db, locks.billable_customer(db, intent.customer_id), method)
    else:
        lock_and_refresh(db, method, noun=methods.NOUN)
    found = mandates.find_active(db, method.id)
    if method.type == "card":
        intent.status = "succeeded"
        return
    if found is None and command.mandate_data is None:
        raise MissingParameter("mandate_data", why="a bank account is debited by a mandate only")
    if found is None and command.mandate_data is not None:
        found = mandates.give(db, method, _read_consent(command.mandate_data.customer_acceptance), now=now)
        db.flush()
    intent.mandate_id, intent.status = found.id if found else None, "succeeded"


def _list_possible_types(db: Session) -> list[str]:
    return sorted({"sepa_debit", *list_method_types(db)})


def _read_consent(accepted: CustomerAcceptance) -> Consent:
    """The consent that a merchant's own page was given. Raises `MissingParameter`."""
    if accepted.type == "online" and accepted.online is None:
        raise MissingParameter("mandate_data[customer_acceptance][online]", why="it goes with type=online")
    sent = accepted.model_dump(exclude_none=True, exclude={"offline"})
    return Consent({**sent, **({"offline": {}} if accepted.type == "offline" else {})})
