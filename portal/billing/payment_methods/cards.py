"""Cards: kept by the provider, and known here by brand, last digits and month of expiry."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts.payment_providers import find_provider
from portal.billing.payment_methods.params import BillingDetails, MethodData
from portal.errors import InvalidRequest, MissingParameter
from portal.models import PaymentMethod
from portal.providers.interface import GivenMethod, KeptMethod, RefusedMethod
from portal.wire.commands import merge_metadata


def create(db: Session, command: MethodData, *, now: int) -> PaymentMethod:
    """A card of nobody yet. Raises `MissingParameter`, and what `set_up` does."""
    if command.card is None:
        raise MissingParameter("card", why="it goes with type=card")
    given = GivenMethod(command.card.token, command.card.exp_month, command.card.exp_year)
    method = store(db, set_up(db, given, now=now), command.billing_details or BillingDetails(), now=now)
    method.allow_redisplay = command.allow_redisplay or "unspecified"
    method.metadata_ = merge_metadata({}, command.metadata)
    return method


def set_up(db: Session, given: GivenMethod, *, now: int) -> KeptMethod:
    """Have the provider keep a card.

    Raises `InvalidRequest` where no provider keeps cards for this account, or this one refuses what was given.
    """
    provider = find_provider(db)
    if provider is None or "card" not in provider.abilities.types:
        raise InvalidRequest(
            "Nobody charges cards here: set settings[payments][provider] of the account.", param="type"
        )
    try:
        return provider.set_up(given, now=now)
    except RefusedMethod as error:
        raise InvalidRequest(str(error), param="card[token]") from None


def store(db: Session, kept: KeptMethod, holder: BillingDetails, *, now: int) -> PaymentMethod:
    """A payment method of nobody yet, of what the provider has kept."""
    method = PaymentMethod(
        id=ids.new("payment_method"),
        created=now,
        type=kept.type,
        billing_details=holder.model_dump(),
        details=dict(kept.details),
        provider=kept.provider,
        provider_ref=kept.ref,
        allow_redisplay="unspecified",
        metadata_={},
    )
    db.add(method)
    return method
