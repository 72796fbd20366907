"""Cards: kept by the provider, and known here by brand, last digits and month of expiry."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts.payment_providers import find_provider
from portal.billing.payment_methods.params import BillingDetails, MethodData
from portal.errors import InvalidRequest, MissingParameter
from portal.models import PaymentMethod
from portal.providers.interface import GivenMethod, RefusedMethod
from portal.wire.commands import merge_metadata


def create(db: Session, command: MethodData, *, now: int) -> PaymentMethod:
    """A card of nobody yet. Raises `MissingParameter`, and what `keep` does."""
    if command.card is None:
        raise MissingParameter("card", why="it goes with type=card")
    given = GivenMethod(command.card.token, command.card.exp_month, command.card.exp_year)
    method = keep(db, given, command.billing_details or BillingDetails(), now=now)
    method.allow_redisplay = command.allow_redisplay or "unspecified"
    method.metadata_ = merge_metadata({}, command.metadata)
    return method


def keep(db: Session, given: GivenMethod, holder: BillingDetails, *, now: int) -> PaymentMethod:
    """What the provider keeps, as a payment method of nobody yet.

    Raises `InvalidRequest` where no provider keeps cards for this account, or this one refuses what was given.
    """
    provider = find_provider(db)
    if provider is None or "card" not in provider.abilities.types:
        raise InvalidRequest(
            "Nobody charges cards here: set settings[payments][provider] of the account.", param="type"
        )
    try:
        kept = provider.set_up(given, now=now)
    except RefusedMethod as error:
        raise InvalidRequest(str(error), param="card[token]") from None
    method = PaymentMethod(
        id=ids.new("payment_method"),
        created=now,
        type=kept.type,
        billing_details=holder.model_dump(),
        details=dict(kept.details),
        provider=provider.name,
        provider_ref=kept.ref,
        allow_redisplay="unspecified",
        metadata_={},
    )
    db.add(method)
    return method
