"""The start page: plans, billing information, the newest invoices and the credit balance."""

from flask import Blueprint, redirect
from sqlalchemy.orm import Session

from portal.billing.collection.coming_debits import list_coming_debits
from portal.billing.intents import own_intents
from portal.billing.ledger import tax_ids
from portal.hosted import flows, invoice_history, kept_pages, own_offers, own_quotes, page_cache
from portal.hosted.invoice_rows import render_rows
from portal.hosted.kept_pages import BuiltPage
from portal.hosted.languages import number_name
from portal.hosted.method_cards import MethodCard, list_method_cards, next_change
from portal.hosted.open_amounts import list_open_amounts
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_cards import PlanCard, list_plan_cards
from portal.hosted.visits import Visit
from portal.models import Customer
from portal.rules import permissions

blueprint = Blueprint("home", __name__, url_prefix="/p")

NEWEST_INVOICES = 4


@page(blueprint, "/", flows=flows.EVERY)
def home(visit: Visit) -> PageResponse:
    """Where a visit starts; a flow goes straight to its task, and who only reads to what there is to read."""
    if visit.in_flow:
        return redirect(flows.entry_path(visit))
    if visit.embed and visit.embed.section:
        return redirect(f"{visit.path}{visit.embed.section.replace('_', '-')}")
    if not permissions.may_act(visit.features):
        return redirect(f"{visit.path}invoices")
    return kept_pages.show(visit, lambda: _build_home(visit))


def _build_home(visit: Visit) -> BuiltPage:
    with visit.reading() as db:
        customer = visit.find_customer(db)
        plans = list_plan_cards(db, visit, customer)
        offers = own_offers.list_by_product(db, visit, customer)
        methods = _list_methods(db, visit, customer, plans)
        shows_invoices = permissions.may_see_invoices(visit.features)
        newest = invoice_history.list_newest(db, visit, NEWEST_INVOICES) if shows_invoices else None
        confirmable = own_intents.list_waiting(db, visit.customer_id) if "card" in visit.collects else ()
        to_pay = list_open_amounts(db, visit) if newest else ()
        debits = list_coming_debits(db, visit.scope.tenant_id, visit.customer_id) if newest else ()
        rows = render_rows(db, visit, newest) if newest else None
        offered = own_quotes.list_open(db, visit)
        numbers = [(number_name(row.type, row.value), row.value) for row in tax_ids.list_for_customer(db, customer.id)]
    parts = page_cache.render_own_page(
        "hosted/home.html",
        visit=visit,
        customer=customer,
        plans=plans,
        offers=offers,
        subscribes=permissions.may_subscribe(visit.features),
        methods=methods,
        newest=newest,
        rows=rows,
        to_pay=to_pay,
        debits=debits,
        confirmable=confirmable,
        quotes=offered,
        tax_ids=numbers,
    )
    overdue_at = invoice_history.first_overdue(newest or (), visit.now)
    expiries = (quote.expires_at for quote in offered)
    changes = (overdue_at, *expiries, next_change(methods or (), visit.now), *(each.changes_at for each in to_pay))
    return BuiltPage(
        parts, kept_pages.soonest((*changes, *(at for plan in plans for at in plan.changes_at)), visit.now)
    )


def _list_methods(db: Session, visit: Visit, customer: Customer, plans: list[PlanCard]) -> list[MethodCard] | None:
    """The payment methods; None where a configuration doesn't show them."""
    return list_method_cards(db, customer, plans, visit.now) if permissions.may_update_methods(visit.features) else None
