"""Payment links: public addresses that open a checkout session for each visitor."""

import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.checkout import completion, line_items, new_sessions, ways
from portal.billing.checkout.new_sessions import NewCheckoutSession
from portal.billing.checkout.params import (
    MOST_QUANTITY,
    ChangedLinkLine,
    CreateCheckoutSession,
    CreatePaymentLink,
    LinkLine,
    LinkParams,
    UpdatePaymentLink,
)
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import session_secrets
from portal.db import Scope, find_row, lock_and_refresh, scope_of
from portal.errors import InvalidRequest, PortalError, ResourceMissing
from portal.models import CheckoutSession, PaymentLink, Price, Tenant
from portal.rules.networks import ClientNetwork
from portal.rules.statuses import CheckoutMode
from portal.wire.commands import merge_metadata, parse_command

#: (seconds, most sessions in them) that one network may open by the links of a merchant, and all networks together.
NETWORK_LIMIT = (5 * clock.MINUTE, 20)
MERCHANT_LIMIT = (clock.HOUR, 2000)
#: Settings of the link itself, which its sessions do not have.
_OWN = {"after_completion", "inactive_message", "restrictions"}


class TooManyVisits(PortalError):
    """More sessions were opened by payment links than is allowed in this time."""

    status = 429


def create(db: Session, command: CreatePaymentLink, *, now: int) -> PaymentLink:
    """Create a link. Raises `InvalidRequest` for what can't be sold, or can't be paid here."""
    recurring = any(_is_recurring(db, each) for each in command.line_items)
    mode: CheckoutMode = "subscription" if recurring else "payment"
    lines = line_items.build(db, command.line_items, mode, most=line_items.MOST_LINK_LINES, now=now)
    if command.currency not in {None, lines[0]["currency"]}:
        raise InvalidRequest("The prices are in another currency.", param="currency")
    link = PaymentLink(
        id=ids.new("payment_link"),
        created=now,
        active=True,
        token=secrets.token_urlsafe(16),
        mode=mode,
        currency=lines[0]["currency"],
        lines=lines,
        settings={},
        completed=0,
        metadata_=dict(command.metadata),
    )
    _apply_settings(db, link, command)
    _refuse_unpayable(db, link)
    db.add(link)
    return link


def update(db: Session, link: PaymentLink, command: UpdatePaymentLink, *, now: int) -> PaymentLink:
    """Change what was sent; sessions that are open already stay as they are."""
    lock_and_refresh(db, link, noun="payment link")
    if command.active is not None:
        link.active = command.active
    if command.was_sent("metadata"):
        link.metadata_ = merge_metadata(link.metadata_, command.metadata)
    if command.line_items:
        link.lines = _change_lines(link.lines, command.line_items)
    _apply_settings(db, link, command)
    return link


def find_by_token(db: Session, token: str) -> tuple[Scope, str] | None:
    """Whose the link of a public address is, and its id; needs no scope."""
    table: Any = PaymentLink.__table__
    row = db.execute(
        select(table.c.tenant_id, table.c.id, Tenant.account_id, Tenant.livemode)
        .join(Tenant, Tenant.id == table.c.tenant_id)
        .where(table.c.token == token),
        execution_options={"every_tenant": True},
    ).first()
    if row is None:
        return None
    return Scope.of(row), row.id


def is_open(link: PaymentLink) -> bool:
    """Whether a link sells to the next visitor."""
    limit = completion.limit_of(link)
    return link.active and (limit is None or link.completed < limit)


def open_session(
    db: Session, link: PaymentLink, network: ClientNetwork, sent: dict[str, Any], *, now: int
) -> NewCheckoutSession:
    """A session of a link that is open; `sent` are parameters of its address. Raises `TooManyVisits`."""
    refuse_over_limit(db, network, now=now)
    settings = {name: value for name, value in link.settings.items() if name not in _OWN}
    after = link.settings.get("after_completion") or {}
    own: dict[str, Any] = {"success_url": after["redirect"]["url"]} if after.get("redirect") else {}
    lines = [
        {
            "price": line["price_id"],
            "quantity": line["quantity"],
            "adjustable_quantity": line["adjustable_quantity"],
        }
        for line in link.lines
    ]
    values = {
        **settings,
        **own,
        **sent,
        "mode": link.mode,
        "metadata": link.metadata_,
        "line_items": [{name: value for name, value in line.items() if value is not None} for line in lines],
    }
    new = new_sessions.create(db, parse_command(CreateCheckoutSession, values), now=now)
    session = new.session
    session.payment_link_id, session.network_hash = link.id, _network_hash(network)
    if after.get("type") == "hosted_confirmation":
        session.settings = {**session.settings, "after_completion": after}
    return new


def refuse_over_limit(db: Session, network: ClientNetwork, *, now: int) -> None:
    """Raises `TooManyVisits` where one more session would be too many."""
    by_link = CheckoutSession.payment_link_id.is_not(None)
    mine = CheckoutSession.network_hash == _network_hash(network)
    for condition, (seconds, most) in ((mine, NETWORK_LIMIT), (by_link, MERCHANT_LIMIT)):
        opened = select(func.count(CheckoutSession.id)).where(condition, CheckoutSession.created > now - seconds)
        if (db.scalar(opened) or 0) >= most:
            raise TooManyVisits("Too many sessions were opened. Please try again later.")


def find(db: Session, id: str) -> PaymentLink:
    """The link of this id. Raises `ResourceMissing`."""
    return find_row(db, PaymentLink, id, noun="payment link")


def _network_hash(network: ClientNetwork) -> str:
    return session_secrets.hash_secret(network.wide or network.near)


def _is_recurring(db: Session, sent: LinkLine) -> bool:
    if sent.price is None:
        return bool(sent.price_data and sent.price_data.recurring)
    # one that there is not is refused as the lines are built, by its parameter
    return bool(db.scalar(select(Price.interval).where(Price.id == sent.price)))


def _apply_settings(db: Session, link: PaymentLink, command: LinkParams) -> None:
    after = command.after_completion
    if after is not None and (after.type == "redirect") != (after.redirect is not None):
        raise InvalidRequest("redirect goes with type=redirect.", param="after_completion[redirect]")
    if after is not None and after.redirect is not None:
        refuse_plain_http(scope_of(db), after.redirect.url, "after_completion[redirect][url]")
    new_sessions.refuse_settings(db, command, link.mode)
    sent = command.model_dump(
        exclude={"active", "automatic_tax", "currency", "expand", "line_items", "metadata"}, exclude_unset=True
    )
    link.settings = {**link.settings, **sent}


def _change_lines(lines: list[dict[str, Any]], sent: list[ChangedLinkLine]) -> list[dict[str, Any]]:
    changes = {each.id: each for each in sent}
    if unknown := changes.keys() - {line["id"] for line in lines}:
        raise ResourceMissing("line item", min(unknown), param="line_items")
    return [_change_line(line, changes[line["id"]]) if line["id"] in changes else line for line in lines]


def _change_line(line: dict[str, Any], sent: ChangedLinkLine) -> dict[str, Any]:
    quantity = line["quantity"] if sent.quantity is None else sent.quantity
    if not 1 <= quantity <= MOST_QUANTITY:
        raise InvalidRequest(f"The quantity is between 1 and {MOST_QUANTITY}.", param="line_items")
    adjustable = line["adjustable_quantity"]
    if sent.adjustable_quantity is not None:
        adjustable = line_items.keep_adjustable(sent.adjustable_quantity, quantity)
    return {**line, "quantity": quantity, "adjustable_quantity": adjustable}


def _refuse_unpayable(db: Session, link: PaymentLink) -> None:
    wanted = link.settings.get("payment_method_types") or []
    on_trial = (link.settings.get("subscription_data") or {}).get("trial_period_days")
    is_free = all(line["price"]["price"]["unit_amount_decimal"] == "0" for line in link.lines)
    if on_trial or is_free:
        return
    if not ways.list_ways(db, link.mode, link.currency, wanted):
        raise new_sessions.no_way(link.mode, "payment_method_types" if wanted else "line_items")
