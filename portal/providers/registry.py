"""The providers that are built in, by name, and which of them an account has switched on."""

from collections.abc import Mapping
from typing import Any

from portal.providers.interface import Provider
from portal.providers.sandbox import Sandbox

PROVIDERS: dict[str, Provider] = {each.name: each for each in (Sandbox(),)}


def provider_of(settings: Mapping[str, Any], *, livemode: bool) -> Provider | None:
    """The provider of an account with these settings; none in live mode where it moves no real money."""
    found = PROVIDERS.get(settings.get("payments", {}).get("provider") or "")
    return found if found is not None and found.abilities.livemode >= livemode else None
