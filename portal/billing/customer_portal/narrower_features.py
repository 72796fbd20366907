"""Features of a portal session that allow less than its configuration."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.configurations.defaults import fill_rules
from portal.billing.customer_portal import entrances
from portal.billing.customer_portal.params import NarrowerFeatures
from portal.rules import permissions
from portal.rules.permissions import Features
from portal.rules.portal_features import disabled_features
from portal.wire.hashes import merge_hashes


def build(sent: NarrowerFeatures | None) -> dict[str, Any] | None:
    """The features that were sent, in the form in which they are stored: with complete rules."""
    if sent is None:
        return None
    narrower: dict[str, Any] = sent.model_dump(exclude_unset=True)
    update = narrower.get("subscription_update") or {}
    if update.get("rules") is not None:
        update["rules"] = merge_hashes(disabled_features()["subscription_update"]["rules"], update["rules"])
        fill_rules(update["rules"])
    return narrower


def restrict(
    db: Session, features: Features, narrower: Mapping[str, Any] | None, customer_id: str, contact_id: str | None
) -> Features:
    """What whoever comes in may do. Raises what `entrances.restrict_features` does."""
    allowed = permissions.restrict_for_session(features, narrower)
    return entrances.restrict_features(db, allowed, customer_id, contact_id)
