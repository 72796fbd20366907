"""Reads subscriptions and their items from either generation of the wire."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from portal.rules import billing_modes
from portal.rules.money import decimal_text
from portal.rules.subscriptions import ENDED
from portal.transfer.discounts import discount_ids
from portal.transfer.lines import tax_rate_ids
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import Link, RefusedObject, linked_id

Object = Mapping[str, Any]
Columns = dict[str, Any]


def subscription_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a subscription that have another form on the wire. Raises `RefusedObject`."""
    details = object.get("cancellation_details") or {}
    items = (object.get("items") or {}).get("data") or []
    started = object.get("start_date") or object.get("start") or object.get("created")
    if object.get("status") not in ENDED:
        _refuse_items(object, items)
    return {
        **_period_columns(object, items),
        "start_date": started,
        "billing_cycle_anchor": object.get("billing_cycle_anchor", started),
        "currency": _currency(object, items),
        "collection_method": object.get("collection_method") or object.get("billing") or "charge_automatically",
        "billing_cycle_anchor_config": object.get("billing_cycle_anchor_config"),
        "billing_mode": flexible_mode(object.get("billing_mode")),
        "pending_invoice_item_interval": object.get("pending_invoice_item_interval"),
        "status_details": object.get("status_details") if object.get("status") == "paused" else None,
        "pause_collection": {"resumes_at": None, **pause} if (pause := object.get("pause_collection")) else None,
        "invoice_settings": own_invoice_settings(object.get("invoice_settings")),
        "trial_ends_in": _trial_ends_in(object),
        "cancellation_details": {key: value for key, value in details.items() if value is not None},
        "default_tax_rates": tax_rate_ids(object.get("default_tax_rates")) or _percent_rate_ids(object),
        "discounts": discount_ids(object),
    }


def flexible_mode(mode: Object | None) -> Columns | None:
    """A billing mode in its stored form."""
    if not mode:
        return None
    return billing_modes.build_mode(mode.get("type") or "classic", updated_at=mode.get("updated_at"))


def own_invoice_settings(sent: Object | None) -> Columns | None:
    """Invoice settings in their stored form, without what is kept elsewhere."""
    apart = {"issuer", "days_until_due"}
    return {key: value for key, value in (sent or {}).items() if value and key not in apart} or None


def subscription_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What the coming bills of a subscription stand on."""
    if not brings_bills:
        return
    if row.get("schedule_id"):
        yield "subscription_schedules", row["schedule_id"]
    if row.get("test_clock_id"):
        yield "test_clocks", row["test_clock_id"]
    yield from item_links(row, brings_bills)


def item_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """The tax rates and discounts of a subscription, one of its items, or an invoice item."""
    for attribute in ("tax_rates", "default_tax_rates"):
        for id in row.get(attribute) or []:
            yield "tax_rates", id
    if brings_bills:
        for id in row.get("discounts") or []:
            yield "discounts", id


def rate_of_percent(object: Object) -> Columns | None:
    """The tax rate that stands for the `tax_percent` of an older subscription."""
    ids = _percent_rate_ids(object) if object["object"] == "subscription" else []
    if not ids or object.get("default_tax_rates"):
        return None
    named = {"display_name": "Tax", "percentage": object["tax_percent"], "inclusive": False, "active": True}
    return {"object": "tax_rate", "id": ids[0], "created": object.get("created"), **named}


def _percent_rate_ids(object: Object) -> list[str]:
    percent = object.get("tax_percent")
    return [f"txr_percent_{decimal_text(Decimal(str(percent)))}".replace(".", "_")] if percent else []


def _trial_ends_in(object: Object) -> Any:
    """What happens when the trial ends without a payment method; one that is there is known to the other system."""
    ends_in = ((object.get("trial_settings") or {}).get("end_behavior") or {}).get("missing_payment_method")
    paying = object.get("default_payment_method") or object.get("default_source")
    return "create_invoice" if paying and ends_in and object.get("status") == "trialing" else ends_in


def _period_columns(object: Object, items: list[Any]) -> Columns:
    """The period, which stands on the items in the newer generation, and the end where that is the period's."""
    first = items[0] if items else {}
    start, end = (object.get(key, first.get(key)) for key in ("current_period_start", "current_period_end"))
    ends = object.get("cancel_at")
    if ends is None and object.get("cancel_at_period_end") and object.get("status") not in ENDED:
        ends = end
    return {"current_period_start": start, "current_period_end": end, "cancel_at": ends}


def _refuse_items(object: Object, items: list[Any]) -> None:
    """Raises `RefusedObject` for items that can't be billed together here, or that are not there."""
    if not items:
        raise RefusedObject("items is missing: put the whole list in its data")
    periods = {(each.get("current_period_start"), each.get("current_period_end")) for each in items}
    if len(periods) > 1:
        raise RefusedObject("items: those of one subscription have the same period here")
    prices = [price for each in items if (price := price_of_item(each)).get("currency")]
    refuse_mixed_prices(
        _currency(object, items),
        [(price["id"], price["currency"], *_interval(price)) for price in prices],
    )


def refuse_mixed_prices(currency: Any, prices: list[tuple[Any, Any, Any, Any]]) -> None:
    """Raises `RefusedObject` for prices, each (id, currency, interval, count), that make no bill in `currency`."""
    for id, own, interval, _ in prices:
        if str(own).lower() != str(currency).lower():
            raise RefusedObject(f"currency: it is billed in {currency}, and its price '{id}' is in {own} here")
        if interval is None:
            raise RefusedObject(f"items: the price '{id}' is not for a period")
    if len({price[2:] for price in prices}) > 1:
        raise RefusedObject("items: those of one subscription have the same interval here")


def _interval(price: Object) -> tuple[Any, Any]:
    """The interval of a price, or of a plan of the older wire."""
    period = price if price.get("object") == "plan" or "interval" in price else price.get("recurring") or {}
    return period.get("interval"), period.get("interval_count") or 1


def _currency(object: Object, items: list[Any]) -> Any:
    return object.get("currency") or (price_of_item(items[0]).get("currency") if items else None)


def price_of_item(item: Object) -> Object:
    """The price of an item, or only its id, in either generation."""
    price = item.get("price") or item.get("plan") or {}
    return price if isinstance(price, dict) else {"id": price}


def subscription_item_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a subscription item that have another form on the wire."""
    return {
        "price_id": linked_id(price_of_item(object)),
        "quantity": 1 if object.get("quantity") is None else object["quantity"],
        "tax_rates": tax_rate_ids(object.get("tax_rates")),
        "discounts": discount_ids(object),
    }
