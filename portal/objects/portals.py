"""The wire form of portal configurations, sessions, retention offers, feedback options and email changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Configuration, EmailChange, FeedbackOption, PortalSession, RetentionOffer
from portal.objects.kinds import ObjectType, register
from portal.objects.types import portals as schemas
from portal.rules import permissions
from portal.rules.portal_features import complete_features
from portal.wire.shape import Context, Ref, Row, Shape


def _render_features(row: Row, context: Context) -> dict[str, Any]:
    """The stored features; `products` shows only if expanded."""
    stored = complete_features(row.features)
    update = {key: value for key, value in stored["subscription_update"].items() if key != "products"}
    return {**stored, "subscription_update": update}


def _login_page(row: Row, context: Context) -> dict[str, Any]:
    token: str | None = row.login_token
    return {"enabled": token is not None, "url": context.links.at(row.host).login(token) if token else token}


def _cancel_page(row: Row, context: Context) -> dict[str, Any]:
    token: str | None = row.cancel_token
    withdraws, links = permissions.may_withdraw(row.features), context.links.at(row.host)
    return {
        "enabled": token is not None,
        "url": links.cancel(token) if token else None,
        "withdrawal_url": links.withdraw(token) if token and withdraws else None,
    }


def _embed(row: Row, context: Context) -> dict[str, Any] | None:
    return {"theme": "auto", **row.embed} if row.embed else None


def _load_products(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    rows = db.scalars(select(Configuration).where(Configuration.id.in_(ids)))
    return {row.id: row.features["subscription_update"]["products"] for row in rows}


CONFIGURATION = register(
    ObjectType(
        Shape(
            "billing_portal.configuration",
            same=(
                "active",
                "business_profile",
                "created",
                "default_return_url",
                "embedding",
                "host",
                "is_default",
                "name",
                "session_limits",
                "updated",
            ),
            fields={
                "application": None,
                "customer": None,
                "cancel_page": _cancel_page,  # beyond the reference
                "features": _render_features,
                "login_page": _login_page,
                "metadata": "metadata_",
            },
            unfilled=("application",),
            nested={"features.subscription_cancel.cancellation_reason.feedback_options": "billing.feedback_option"},
            extras={"features.subscription_update.products": "billing_portal.configuration.products"},
        ),
        Configuration,
        "configuration",
        schemas=schemas.CONFIGURATION,
    ),
    extras={"billing_portal.configuration.products": _load_products},
)

PORTAL_SESSION = register(
    ObjectType(
        Shape(
            "billing_portal.session",
            same=("created", "flow", "locale", "on_behalf_of", "return_url"),
            fields={
                "customer_account": None,
                "after_expiration": "after_expiration",
                "configuration": Ref("configuration_id", "billing_portal.configuration"),
                "customer": Ref("customer_id", "customer"),
                # the link's secret is kept only as a hash, so only the answer to the creation can show it; clients
                # type it as a string
                "url": lambda row, context: "",
                # beyond the reference
                "contact": Ref("contact_id", "contact"),
                "embed": _embed,
                "features": "features",
                "ended_at": "ended_at",
                "expires_at": "expires_at",
                "flow_completed_at": "flow_completed_at",
                "last_seen_at": "last_seen_at",
                "opened_at": "opened_at",
            },
        ),
        PortalSession,
        "portal session",
        schemas=schemas.PORTAL_SESSION,
        portable=False,
    )
)

RETENTION_OFFER = register(
    ObjectType(
        Shape(
            "billing_portal.retention_offer",
            same=("accepted_at", "created", "declined_at", "reason", "type"),
            fields={
                "coupon": Ref("coupon_id", "coupon"),
                "customer": Ref("customer_id", "customer"),
                "price": Ref("price_id", "price"),
                "session": Ref("session_id", "billing_portal.session"),
                "subscription": Ref("subscription_id", "subscription"),
            },
        ),
        RetentionOffer,
        "retention offer",
        schemas=schemas.RETENTION_OFFER,
        portable=False,
    )
)


def _option_status(row: Row, context: Context) -> str:
    return "active" if row.deactivated_at is None else "inactive"


FEEDBACK_OPTION = register(
    ObjectType(
        Shape(
            "billing.feedback_option",
            same=("description",),
            fields={
                "status": _option_status,
                "status_transitions": lambda row, context: {"deactivated_at": row.deactivated_at},
            },
        ),
        FeedbackOption,
        "feedback option",
        schemas=schemas.FEEDBACK_OPTION,
    )
)

EMAIL_CHANGE = register(
    ObjectType(
        Shape(
            "email_change",
            same=("confirmed_at", "created", "expires_at", "new_email", "old_email", "undone_at"),
            fields={
                "customer": Ref("customer_id", "customer"),
                "session": Ref("session_id", "billing_portal.session"),
            },
        ),
        EmailChange,
        "email change",
        portable=False,
    )
)


def render_offer_count(
    reason: str | None, type: str, shown: int, accepted: int, declined: int, *, livemode: bool
) -> dict[str, Any]:
    """How often something was offered for a reason, and what the answers were. It is computed, and not stored."""
    counted = {"reason": reason, "type": type, "shown": shown, "accepted": accepted, "declined": declined}
    return {"object": "billing_portal.retention_offer_count", "livemode": livemode, **counted}
