"""What an account has given the portal to speak to its provider: sealed, and opened where the provider is asked."""

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.providers.interface import Access
from portal.providers.registry import HOSTED, mode_name, sealed_access
from portal.seal import Seal

#: How keys of Stripe begin; restricted ones will do.
_KEY_PREFIXES = {True: ("sk_live_", "rk_live_"), False: ("sk_test_", "rk_test_")}


def find_access(db: Session, name: str, seal: Seal) -> Access | None:
    """What this account has given for this mode; None where that is nothing."""
    scope = scope_of(db)
    settings = accounts.find_account(db, scope.account_id).settings
    sealed = sealed_access(settings, name, livemode=scope.livemode)
    if sealed is None:
        return None
    return Access(*(seal.decrypt(sealed[each].encode()).decode() for each in ("key", "signing_secret")))


def give_access(db: Session, name: str, access: Access, *, seal: Seal) -> None:
    """Keep the keys for this mode, and switch the provider on. Raises `InvalidRequest` for those of the other mode."""
    scope = scope_of(db)
    if name not in HOSTED:
        raise InvalidRequest(f"The provider '{name}' takes no keys.")
    if not access.key.startswith(_KEY_PREFIXES[scope.livemode]):
        wanted = _KEY_PREFIXES[scope.livemode][0]
        raise InvalidRequest(f"A secret key of {mode_name(scope.livemode)} mode begins with {wanted}.")
    if not access.signing_secret.startswith("whsec_"):
        raise InvalidRequest("The signing secret of a webhook begins with whsec_.")
    account = accounts.lock_account(db, scope.account_id)
    sealed = {
        "key": seal.encrypt(access.key.encode()).decode(),
        "signing_secret": seal.encrypt(access.signing_secret.encode()).decode(),
    }
    given = dict(account.settings.get("provider_access", {}))
    mode = mode_name(scope.livemode)
    given[mode] = {**given.get(mode, {}), name: sealed}
    payments = {**account.settings.get("payments", {}), "provider": name}
    account.settings = {**account.settings, "payments": payments, "provider_access": given}
