"""The providers that are built in, by name, and which of them an account has switched on."""

from collections.abc import Mapping
from typing import Any

from portal.providers.interface import Provider
from portal.providers.sandbox import Sandbox
from portal.rules.creditors import creditor_of

PROVIDERS: dict[str, Provider] = {each.name: each for each in (Sandbox(),)}


def provider_of(settings: Mapping[str, Any], *, livemode: bool) -> Provider | None:
    """The provider of an account with these settings; none in live mode where it moves no real money."""
    found = PROVIDERS.get(settings.get("payments", {}).get("provider") or "")
    return found if found is not None and found.abilities.livemode >= livemode else None


def collects_by(settings: Mapping[str, Any], *, livemode: bool) -> tuple[str, ...]:
    """The types of payment methods that an account with these settings can collect by."""
    debits = {"sepa_debit"} if creditor_of(settings) else set()
    provider = provider_of(settings, livemode=livemode)
    return tuple(sorted(debits | (provider.abilities.types if provider else frozenset())))
