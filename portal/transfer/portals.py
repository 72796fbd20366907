"""Reads portal configurations and feedback options from the wire."""

from collections.abc import Mapping
from typing import Any

from portal.billing.configurations.defaults import (
    BUSINESS_PROFILE,
    EMBEDDING,
    SESSION_LIMITS,
    fill_quantity_limits,
)
from portal.rules.portal_features import disabled_features
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import RefusedObject
from portal.wire.hashes import merge_hashes

Object = Mapping[str, Any]
Columns = dict[str, Any]


def configuration_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a configuration that have another form on the wire."""
    known = disabled_features()
    sent = {key: value for key, value in (object.get("features") or {}).items() if key in known and value}
    return {
        "features": _complete_features(sent),
        "business_profile": BUSINESS_PROFILE | (object.get("business_profile") or {}),
        "embedding": object.get("embedding") or dict(EMBEDDING),
        # names are given by the operator of each portal
        "host": None,
        "session_limits": object.get("session_limits") or dict(SESSION_LIMITS),
        "updated": object.get("updated", object.get("created")),
        "is_default": bool(object.get("is_default")),
    }


def _complete_features(sent: Columns) -> Columns:
    try:
        features = merge_hashes(disabled_features(), sent)
        fill_quantity_limits(features)
    except (AttributeError, TypeError):
        raise RefusedObject("features are not as the reference describes them") from None
    return features


def feedback_option_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a feedback option; the reference gives no creation time, so such ones count as the oldest."""
    transitions = object.get("status_transitions") or {}
    return {"created": object.get("created") or 0, "deactivated_at": transitions.get("deactivated_at")}
