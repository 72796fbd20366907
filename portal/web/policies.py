"""The access policy of every endpoint. A route without one fails the access tests."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Policy:
    """Who may reach an endpoint: `key`, `visit`, `link` or `public`.

    For a visit `allows` and `flows` say which feature or flow it needs.
    """

    who: str
    allows: Any = None
    flows: tuple[str, ...] = ()


#: By endpoint; Flask adds `static` by itself.
POLICIES = {"static": Policy("public")}


def declare_policy(endpoint: str, who: str, *, allows: Any = None, flows: tuple[str, ...] = ()) -> None:
    """Set the access policy of an endpoint."""
    POLICIES[endpoint] = Policy(who, allows, flows)
