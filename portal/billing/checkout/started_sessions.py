"""The checkout sessions by which customers start plans in the portal.

The link of such a session is kept, sealed, so that each further click leads to the same one.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.checkout.order_states import is_ordered
from portal.billing.customer_portal import plan_offers
from portal.models import CheckoutSession, Configuration
from portal.rules.permissions import PlansBeside
from portal.seal import BrokenSeal, Seal

#: The setting of a session that says what was wished, and by which link it opens.
_STARTED = "portal"


def mark(session: CheckoutSession, wish: dict[str, Any], link_secret: str, seal: Seal, beside: PlansBeside) -> None:
    """Note in a new session that the portal has made it, and what the plan may come beside.

    A wish is a `PlanStart` as a hash.
    """
    link = seal.encrypt(link_secret.encode()).decode()
    made = {"wish": wish, "link": link, "beside": beside}
    session.settings = {**session.settings, _STARTED: made}


def leads_to(session: CheckoutSession, wish: dict[str, Any]) -> bool:
    """Whether an open session is the one for this wish; one that was ordered is, whatever is wished for now."""
    return is_ordered(session) or bool(session.settings[_STARTED]["wish"] == wish)


def find_embed(db: Session, session: CheckoutSession) -> dict[str, Any] | None:
    """The page that shows a session within it, as long as a configuration still allows it there."""
    embed: dict[str, Any] | None = session.settings.get(_STARTED, {}).get("wish", {}).get("embed")
    if embed is None:
        return None
    allowed = db.scalars(select(Configuration.embedding).where(Configuration.active))
    return embed if any(embed["origin"] in each["origins"] for each in allowed) else None


def open_link(session: CheckoutSession, seal: Seal) -> str | None:
    """The secret of the session's link; None where it was sealed with a key that is gone."""
    try:
        return seal.decrypt(session.settings[_STARTED]["link"].encode()).decode()
    except BrokenSeal:
        return None


def find_open(db: Session, customer_id: str, *, now: int) -> CheckoutSession | None:
    """The session by which a customer can start a plan now, or has ordered one whose first payment has not come."""
    mine = _list_started(db, customer_id, CheckoutSession.status == "open")
    return next((each for each in mine if is_ordered(each) or each.expires_at > now), None)


def find_ordered(db: Session, customer_id: str, *, seal: Seal, now: int) -> str | None:
    """The secret of the link to a plan that was ordered and whose first payment has not come."""
    last = find_open(db, customer_id, now=now)
    return open_link(last, seal) if last is not None and is_ordered(last) else None


def find_started(db: Session, customer_id: str, address: str) -> CheckoutSession | None:
    """The newest session by which the customer has started a plan, from the portal session at this address."""
    mine = _list_started(db, customer_id, CheckoutSession.status == "complete")
    return next((each for each in mine if each.settings[_STARTED]["wish"]["address"] == address), None)


def is_second(db: Session, session: CheckoutSession) -> bool:
    """Whether a session of the portal would start a plan beside another one where it may not, as that began since."""
    made = session.settings.get(_STARTED)
    if made is None:
        return False
    # sessions of before have no rule with them
    return plan_offers.is_refused(db, session.customer_id or "", made.get("beside", "none"), made["wish"]["price"])


def _list_started(db: Session, customer_id: str, condition: Any) -> list[CheckoutSession]:
    """The sessions of a customer that the portal has made, the newest first."""
    statement = select(CheckoutSession).where(CheckoutSession.customer_id == customer_id, condition)
    found = db.scalars(statement.order_by(CheckoutSession.created.desc(), CheckoutSession.id.desc()))
    return [each for each in found if _STARTED in each.settings]
