"""Where an account's pages are: its host names, and the tokens of pages that anyone may open.

The operator allows names; a name has one account.
"""

import secrets
from typing import cast

from sqlalchemy import Table, bindparam, delete, select, union
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.dialects import by_dialect
from portal.errors import InvalidRequest
from portal.models import Account, Configuration, Host, Tenant
from portal.rules.hosts import AllowedHosts

_HOSTS, _CONFIGURATIONS = (cast(Table, model.__table__) for model in (Host, Configuration))
_EVERYWHERE = {"every_tenant": True}


def give_to_account(db: Session, account: Account, name: str | None) -> None:
    """Have the links of an account lead to this name; None leads them back to the portal's own.

    Raises `InvalidRequest` for a name that can't be had.
    """
    _claim(db, account.id, name, "settings[portal][host]")
    for tenant in db.scalars(select(Tenant).where(Tenant.account_id == account.id)):
        tenant.host = name
    _release_unused(db, account.id)


def give_to_configuration(db: Session, configuration: Configuration, name: str | None) -> None:
    """Have the pages of a configuration at this name; None is the account's. Raises as `give_to_account` does."""
    account_id = scope_of(db).account_id
    _claim(db, account_id, name, "host")
    configuration.host = name
    _release_unused(db, account_id)


def switch_page(configuration: Configuration, token: str, *, enabled: bool) -> None:
    """Each time a page is enabled it gets a new address, so that an old one never works again."""
    if not enabled:
        setattr(configuration, token, None)
    elif getattr(configuration, token) is None:
        setattr(configuration, token, secrets.token_urlsafe(18))


def _claim(db: Session, account_id: str, name: str | None, param: str) -> None:
    # one change of an account's names at a time: what one still uses the other must not give away
    db.get(Account, account_id, with_for_update=True)
    if name is None:
        return
    allowed = db.info.get("hosts")
    if not isinstance(allowed, AllowedHosts) or not allowed.allow(name):
        raise InvalidRequest(
            f"This portal does not allow the host {name}. Its operator does, by PORTAL_HOSTS.", param=param
        )
    db.execute(_CLAIM[db.get_bind().dialect.name], {"name": name, "account_id": account_id})
    if db.scalar(select(_HOSTS.c.account_id).where(_HOSTS.c.name == name)) != account_id:
        raise InvalidRequest(f"The host {name} belongs to another account.", param=param)


def _release_unused(db: Session, account_id: str) -> None:
    """Others may have the names that the account does not use any more, in either mode."""
    db.flush()
    own = select(Tenant.id).where(Tenant.account_id == account_id)
    used = union(
        select(Tenant.host).where(Tenant.id.in_(own), Tenant.host.is_not(None)),
        select(_CONFIGURATIONS.c.host).where(_CONFIGURATIONS.c.tenant_id.in_(own), _CONFIGURATIONS.c.host.is_not(None)),
    )
    db.execute(
        delete(_HOSTS).where(_HOSTS.c.account_id == account_id, _HOSTS.c.name.not_in(used)),
        execution_options=_EVERYWHERE,
    )


_CLAIM = by_dialect(
    lambda insert: (
        insert(_HOSTS).values(name=bindparam("name"), account_id=bindparam("account_id")).on_conflict_do_nothing()
    )
)
