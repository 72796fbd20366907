"""The customer's pages. Each page is declared with its access policy (`page`); each action is a form post."""

from importlib import import_module

from flask import Flask
from flask_login import LoginManager

from portal.hosted import (
    assets,
    ended_visits,
    form_protection,
    frames,
    language_page,
    languages,
    visit_sessions,
)

#: The modules of pages; each has a `blueprint`.
PAGES = (
    "arrival",
    "balance",
    "brand",
    "calendar_links",
    "cancel_page",
    "card_add",
    "card_add_elsewhere",
    "checkout",
    "checkout_elsewhere",
    "collect_now",
    "contacts",
    "corrections",
    "departure",
    "details",
    "document_links",
    "documents",
    "downloads",
    "email_change",
    "email_undo",
    "embedding",
    "file_links",
    "flows",
    "home",
    "invoice_pay",
    "invoices",
    "joining",
    "linked_confirm_elsewhere",
    "linked_payments",
    "linked_quotes",
    "login",
    "mandate_files",
    "notice_receipts",
    "own_visits",
    "payment_calendar",
    "pauses",
    "payment_confirm",
    "payment_confirm_elsewhere",
    "payment_links",
    "payment_method_add",
    "payment_methods",
    "payouts",
    "plan_changes",
    "plan_choice",
    "plan_results",
    "plan_start",
    "plan_undo",
    "plans",
    "provider_webhooks",
    "quotes",
    "recipients",
    "retention",
    "sample_pages",
    "spending",
    "statements",
    "staying",
    "subscriptions",
    "tax_ids",
    "unsubscribing",
    "well_known",
    "withdrawal",
)


def init_app(app: Flask) -> None:
    """Give `app` the pages and what they need: sessions of visits, languages, form tokens, frames and static files."""
    app.session_interface = visit_sessions.VisitSessionInterface()
    app.before_request(visit_sessions.raise_failure)
    if app.extensions["portal"].settings.rate_limit_customer:
        app.before_request(visit_sessions.count_request)
    visitors = LoginManager(app)
    visitors.session_protection = None
    visitors.request_loader(visit_sessions.load)
    languages.init_app(app, f"{app.root_path}/../translations")
    language_page.init_app(app, PAGES)
    form_protection.init_app(app)
    assets.init_app(app)
    frames.init_app(app)
    ended_visits.init_app(app)
    for name in PAGES:
        app.register_blueprint(import_module(f"portal.hosted.{name}").blueprint)
