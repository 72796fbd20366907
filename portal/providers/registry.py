"""The providers that are built in, by name, and which of them an account has switched on."""

from collections.abc import Mapping
from typing import Any

from portal.providers.interface import HostedProvider, Provider
from portal.providers.sandbox import Sandbox
from portal.providers.stripe import Stripe
from portal.rules.creditors import creditor_of

#: Those with pages of their own, by name.
HOSTED: dict[str, HostedProvider] = {each.name: each for each in (Stripe(),)}
PROVIDERS: dict[str, Provider] = {each.name: each for each in (Sandbox(), *HOSTED.values())}


def provider_of(settings: Mapping[str, Any], *, livemode: bool) -> Provider | None:
    """The provider of an account with these settings; none in live mode where it moves no real money.

    One that needs a key is none in a mode for which the account has given none.
    """
    found = PROVIDERS.get(settings.get("payments", {}).get("provider") or "")
    if found is None or found.abilities.livemode < livemode:
        return None
    has_access = sealed_access(settings, found.name, livemode=livemode) is not None
    return found if has_access or not found.abilities.needs_access else None


def sealed_access(settings: Mapping[str, Any], name: str, *, livemode: bool) -> Mapping[str, str] | None:
    """What an account has given this provider for a mode, sealed: `key` and `signing_secret`."""
    found: Mapping[str, str] | None = settings.get("provider_access", {}).get(mode_name(livemode), {}).get(name)
    return found


def mode_name(livemode: bool) -> str:
    """The name of a mode in settings and addresses."""
    return "live" if livemode else "test"


def collects_by(settings: Mapping[str, Any], *, livemode: bool) -> tuple[str, ...]:
    """The types of payment methods that an account with these settings can collect by."""
    debits = {"sepa_debit"} if creditor_of(settings) else set()
    provider = provider_of(settings, livemode=livemode)
    return tuple(sorted(debits | (provider.abilities.types if provider else frozenset())))
