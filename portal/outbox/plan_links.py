"""Where mails about plans lead: to the pages of configurations that need no visit."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.customer_portal import plan_withdrawals
from portal.db import scope_of
from portal.models import Configuration, Customer, Subscription
from portal.objects.links import DocumentLinks

#: Of accounts with more configurations only so many are looked at.
_MOST = 100


def login_link(services: Services, db: Session) -> str | None:
    """The login page of the account; None where no configuration has one."""
    return next((_links(services, db, each).login(each.login_token) for each in _list(db) if each.login_token), None)


def cancel_link(services: Services, db: Session) -> str | None:
    """The public page to cancel; None where no configuration has one."""
    return next((_links(services, db, each).cancel(each.cancel_token) for each in _list(db) if each.cancel_token), None)


def find_withdrawal(
    services: Services, db: Session, customer: Customer, subscription: Subscription
) -> tuple[int | None, str | None]:
    """The last second in which a customer can withdraw, and the public page for it where there is one."""
    for each in _list(db):
        terms = plan_withdrawals.find_terms(db, customer, each.features)
        if terms is not None:
            link = _links(services, db, each).withdraw(each.cancel_token) if each.cancel_token else None
            return terms.ends_at(subscription) - 1, link
    return None, None


def _links(services: Services, db: Session, configuration: Configuration) -> DocumentLinks:
    """Links to a configuration's pages, at its host if it has one, else at the account's."""
    return services.links_of(scope_of(db)).at(configuration.host)


def _list(db: Session) -> Iterator[Configuration]:
    """The configurations that are in use, the default one first."""
    used = select(Configuration).where(Configuration.active)
    return iter(db.scalars(used.order_by(Configuration.is_default.desc(), Configuration.created).limit(_MOST)))
