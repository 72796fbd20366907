"""Payment links: public addresses that open a checkout session for each visitor."""

import secrets
from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.checkout import line_items, session_checks, shipping
from portal.billing.checkout.params import (
    MOST_QUANTITY,
    ChangedLinkLine,
    CreatePaymentLink,
    LinkParams,
    UpdatePaymentLink,
)
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.db import lock_and_refresh, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import PaymentLink
from portal.wire.commands import merge_metadata


def create(db: Session, command: CreatePaymentLink, *, now: int) -> PaymentLink:
    """Create a link. Raises `InvalidRequest` for what can't be sold, or can't be paid here."""
    mode = line_items.choose_mode(db, command.line_items)
    lines = line_items.build(db, command.line_items, mode, most=line_items.MOST_LINK_LINES, now=now)
    if command.currency not in {None, lines[0]["currency"]}:
        raise InvalidRequest("The prices are in another currency.", param="currency")
    optional = line_items.build_optional(db, command.optional_items, lines, mode, now=now)
    link = PaymentLink(
        id=ids.new("payment_link"),
        created=now,
        active=True,
        token=secrets.token_urlsafe(16),
        mode=mode,
        currency=lines[0]["currency"],
        lines=[*lines, *optional],
        settings={},
        completed=0,
        metadata_=dict(command.metadata),
    )
    _apply_settings(db, link, command, now=now)
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
    if command.was_sent("optional_items"):
        lines = [line for line in link.lines if not line_items.is_optional(line)]
        link.lines = [*lines, *line_items.build_optional(db, command.optional_items, lines, link.mode, now=now)]
    _apply_settings(db, link, command, now=now)
    return link


def _apply_settings(db: Session, link: PaymentLink, command: LinkParams, *, now: int) -> None:
    after = command.after_completion
    if after is not None and (after.type == "redirect") != (after.redirect is not None):
        raise InvalidRequest("redirect goes with type=redirect.", param="after_completion[redirect]")
    if after is not None and after.redirect is not None:
        refuse_plain_http(scope_of(db), after.redirect.url, "after_completion[redirect][url]")
    session_checks.refuse_settings(db, command, link.mode)
    sent = command.model_dump(
        exclude={"active", "automatic_tax", "currency", "expand", "line_items", "metadata", "optional_items"},
        exclude_unset=True,
    )
    if command.was_sent("shipping_options"):
        options = shipping.build_options(db, command.shipping_options, link.mode, link.currency, now=now)
        sent["shipping_options"] = options
    link.settings = {**link.settings, **sent}


def _change_lines(lines: list[dict[str, Any]], sent: list[ChangedLinkLine]) -> list[dict[str, Any]]:
    changes = {each.id: each for each in sent}
    if unknown := changes.keys() - {line["id"] for line in lines if not line_items.is_optional(line)}:
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
    is_free = is_free and not any(each["shipping_amount"] for each in shipping.list_options(link.settings))
    if not on_trial and not is_free:
        session_checks.refuse_no_way(db, link.mode, link.currency, wanted)
