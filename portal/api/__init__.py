"""The admin API: every call below `/v1`, in the wire form of the reference (Stripe's API)."""

from __future__ import annotations

from flask import Blueprint, Flask


def init_app(app: Flask) -> Blueprint:
    """Register the calls of every noun below `/v1`, the OpenAPI file and the reference pages; return the blueprint."""
    from portal.api import (
        accounts,
        catalogue,
        credit_notes,
        customers,
        discounts,
        events,
        feedback_options,
        files,
        invoices,
        openapi,
        payments,
        plans,
        portals,
        previews,
        quotes,
        reference,
        rendering_templates,
        schedules,
        searches,
        subscriptions,
        test_clocks,
        webhooks,
    )

    blueprint = Blueprint("api", __name__, url_prefix="/v1")
    nouns = (
        accounts,
        customers,
        catalogue,
        plans,
        discounts,
        subscriptions,
        # before the invoices, whose ids `upcoming` is none of
        previews,
        invoices,
        payments,
        credit_notes,
        portals,
        feedback_options,
        files,
        searches,
        schedules,
        quotes,
        rendering_templates,
        test_clocks,
        events,
        webhooks,
    )
    for noun in nouns:
        noun.register(blueprint)
    openapi.register(blueprint)
    # a path with two slashes is an unknown one, which answers in JSON, and no redirect
    app.url_map.merge_slashes = False
    app.register_blueprint(blueprint)
    app.register_blueprint(reference.blueprint)
    return blueprint
