"""What surrounds the pages of signing in: the merchant's look and links, and the ways on from there."""

from dataclasses import dataclass, replace

from portal.db import Scope, find_row
from portal.hosted import frames, languages
from portal.models import Account, Configuration
from portal.web.services import services


@dataclass(frozen=True)
class LoginWays:
    """Where a visitor can turn: the merchant's `contact`, and the path where another address can be entered.

    `start` is None where the configuration has no login page, or none any more.
    """

    contact: dict[str, str | None]
    start: str | None


def use_login_frame(scope: Scope, configuration_id: str) -> LoginWays:
    """Show the merchant of a login page around the answer, with the links of its configuration."""
    with services().database.reading(scope) as db:
        account = db.get_one(Account, scope.account_id)
        configuration = find_row(db, Configuration, configuration_id, noun="configuration")
    languages.use_zone_of(account)
    frame = frames.frame_of_account(account, livemode=scope.livemode)
    profile, token = configuration.business_profile, configuration.login_token
    frames.use_frame(
        replace(
            frame,
            return_url=configuration.default_return_url or account.business_profile.get("url"),
            privacy_url=profile.get("privacy_policy_url"),
            terms_url=profile.get("terms_of_service_url"),
        )
    )
    start = f"/p/login/{token}" if token and configuration.active else None
    return LoginWays(frames.contact_of_account(account), start)
