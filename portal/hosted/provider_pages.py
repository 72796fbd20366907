"""The provider of a visit that has pages of its own, with what its account has given for it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.accounts import payment_providers, provider_access
from portal.providers.interface import Access, HostedProvider
from portal.providers.registry import HOSTED
from portal.web.services import services


@dataclass(frozen=True)
class ProviderAtHand:
    """A provider, and the keys of the account."""

    provider: HostedProvider
    access: Access


def find(db: Session) -> ProviderAtHand | None:
    """That of this account and mode; None where it has no pages of its own, or there is none."""
    provider = payment_providers.find_provider(db)
    hosted = HOSTED.get(provider.name) if provider is not None else None
    access = provider_access.find_access(db, hosted.name, services().seal) if hosted else None
    return ProviderAtHand(hosted, access) if hosted and access else None
