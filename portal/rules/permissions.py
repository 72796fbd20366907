"""Answers what a portal configuration allows a customer to do, from its `features`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.rules.contacts import Role
from portal.rules.corrections import CorrectionLimits

Features = Mapping[str, Any]
#: Whether a configuration's features allow a page.
FeatureCheck = Callable[[Features], bool]


@dataclass(frozen=True)
class QuantityRange:
    """The quantities of a product that a customer may choose; `maximum` is None where there is no limit."""

    minimum: int
    maximum: int | None

    def allows_quantity(self, quantity: int) -> bool:
        """Whether this quantity is allowed."""
        return self.minimum <= quantity and (self.maximum is None or quantity <= self.maximum)


def may_see_invoices(features: Features) -> bool:
    """Whether the invoice history and its documents are visible."""
    return bool(features["invoice_history"]["enabled"])


def may_correct_invoices(features: Features) -> bool:
    """Whether invoices can be corrected. Configurations of before have no such feature."""
    return may_see_invoices(features) and bool(features.get("invoice_correction", {}).get("enabled"))


def correction_limits(features: Features) -> CorrectionLimits:
    """Until when, and by whom, invoices can be corrected where they can."""
    feature = features["invoice_correction"]
    return CorrectionLimits(feature["days"], feature["tax_period"], tuple(feature["countries"]))


def may_answer_quotes(features: Features) -> bool:
    """Whether quotes are visible, and can be accepted and declined. Configurations of before have no such feature."""
    return bool(features.get("quotes", {}).get("enabled"))


def may_see_spending(features: Features) -> bool:
    """Whether the sums of each month are visible. Configurations of before have no such feature."""
    return bool(features.get("spending", {}).get("enabled"))


def may_have_calendar(features: Features) -> bool:
    """Whether coming payments can be had as a calendar. Configurations of before have no such feature."""
    return bool(features.get("payment_calendar", {}).get("enabled"))


def may_see_details(features: Features) -> bool:
    """Whether the billing information is visible on a page of its own."""
    return bool(features["customer_update"]["enabled"])


def may_update(features: Features, detail: str) -> bool:
    """Whether `detail` can be edited: `email`, `email_recipients`, `tax_id`, `name`, `phone`, `address`, `shipping`,
    `purchase_order`, `preferred_locales`.

    The names of a business and of a person go with `name`, as the reference has no words of their own for them.
    """
    update = features["customer_update"]
    named = "name" if detail in {"business_name", "individual_name"} else detail
    return bool(update["enabled"]) and named in update["allowed_updates"]


def may_update_methods(features: Features) -> bool:
    """Whether the payment methods are visible, and can be added and removed."""
    return bool(features["payment_method_update"]["enabled"])


def may_have_collected(features: Features) -> bool:
    """Whether the customer can have open invoices collected from an account of theirs."""
    return may_see_invoices(features) and may_update_methods(features)


def may_act(features: Features) -> bool:
    """Whether this visit may change anything at all, such as confirm a payment that a bank asks about."""
    return not features.get("only_reads", {}).get("enabled")


def may_manage_contacts(features: Features) -> bool:
    """Whether the customer's people can be seen, invited and removed. Configurations of before have no such feature."""
    return bool(features.get("contacts", {}).get("enabled"))


def may_have_paid_out(features: Features) -> bool:
    """Whether the customer may ask for credit to be paid out. Configurations of before have no such feature."""
    return may_see_invoices(features) and bool(features.get("balance_payout", {}).get("enabled"))


def may_see_visits(features: Features) -> bool:
    """Whether open visits can be seen and ended. Configurations of before have no such feature."""
    return bool(features.get("visits", {}).get("enabled"))


def may_cancel(features: Features) -> bool:
    """Whether subscriptions can be canceled, and a cancellation undone."""
    return bool(features["subscription_cancel"]["enabled"])


def may_withdraw(features: Features) -> bool:
    """Whether consumers can withdraw from a new subscription. Configurations of before have no such feature."""
    return bool(features.get("subscription_withdrawal", {}).get("enabled"))


def may_subscribe(features: Features) -> bool:
    """Whether a customer without a plan can start one. Configurations of before have no such feature."""
    return bool(features.get("subscription_create", {}).get("enabled"))


#: What can be started beside a plan.
PlansBeside = Literal["none", "other_products", "any_product"]


def plans_beside(features: Features) -> PlansBeside:
    """What a customer who has a plan can start beside it. Configurations of before have no such setting."""
    several = features.get("subscription_create", {}).get("several", {})
    if not may_subscribe(features) or not several.get("enabled"):
        return "none"
    return "any_product" if several["same_product"] else "other_products"


def catalogue(features: Features) -> list[dict[str, Any]]:
    """The products that a plan can be started of: where none are named for that, those that plans can change to."""
    if not may_subscribe(features):
        return []
    listed = features["subscription_create"]["products"] or features["subscription_update"]["products"]
    return [each for each in listed if not is_add_on(each)]


def may_pause(features: Features) -> bool:
    """Whether subscriptions can be paused and resumed. Configurations of before have no such feature."""
    return bool(features.get("subscription_pause", {}).get("enabled"))


def pause_intervals(features: Features) -> list[tuple[str, int]]:
    """The durations to choose from, as interval and count; empty where a pause has no end of its own."""
    return [
        (each["interval"], each["interval_count"])
        for each in features["subscription_pause"]["duration"]["interval_options"]
    ]


def may_change(features: Features) -> bool:
    """Whether subscriptions can be changed in any way, and an upcoming change undone."""
    update = features["subscription_update"]
    return bool(update["enabled"]) and bool(update["default_allowed_updates"])


def may_switch(features: Features) -> bool:
    """Whether a subscription can change to another price."""
    return may_change(features) and "price" in features["subscription_update"]["default_allowed_updates"]


def may_redeem(features: Features) -> bool:
    """Whether a promotion code is accepted together with a change."""
    return may_change(features) and "promotion_code" in features["subscription_update"]["default_allowed_updates"]


def change_rules(features: Features) -> list[Mapping[str, Any]]:
    """The rules for changes, of the configuration and of the session, each of which has to allow a change."""
    update = features["subscription_update"]
    return [update[name] for name in ("rules", "session_rules") if update.get(name)]


def allowed_quantities(features: Features, product_id: str) -> QuantityRange | None:
    """The quantities allowed for a product; None where it can't be changed, as for a product that is not listed."""
    products = features["subscription_update"]["products"] if may_change(features) else []
    found = next((each for each in products if each["product"] == product_id), None)
    return quantities_of(found) if found else None


def is_add_on(listed: Mapping[str, Any]) -> bool:
    """Whether a product as a configuration lists it comes beside a plan."""
    return bool(listed.get("role") == "add_on")


def add_on_products(features: Features) -> dict[str, Mapping[str, Any]]:
    """What can come beside a plan, by the id of its product."""
    products = features["subscription_update"]["products"] if may_change(features) else []
    return {each["product"]: each for each in products if is_add_on(each)}


def quantities_of(listed: Mapping[str, Any]) -> QuantityRange | None:
    """The quantities allowed for a product as a configuration lists it; None where it can't be chosen."""
    found = listed["adjustable_quantity"]
    return QuantityRange(max(found["minimum"] or 1, 1), found["maximum"]) if found["enabled"] else None


def cancellation_reasons(features: Features) -> list[str]:
    """The cancellation reasons to choose from; empty where no reason is requested."""
    reason = features["subscription_cancel"]["cancellation_reason"]
    return list(reason["options"]) if reason["enabled"] else []


def offers_to_stay(features: Features) -> list[Mapping[str, Any]]:
    """What is offered to customers who are about to cancel. Configurations of before have no such offers."""
    retention = features["subscription_cancel"].get("retention") or {}
    return list(retention["offers"]) if may_cancel(features) and retention.get("enabled") else []


def offers_stay(features: Features) -> bool:
    """Whether anything is offered to customers who are about to cancel."""
    return bool(offers_to_stay(features))


def days_between_offers(features: Features) -> int:
    """For how many days nothing is offered for a subscription after an offer."""
    return int(features["subscription_cancel"]["retention"]["days"])


def feedback_options(features: Features) -> list[str]:
    """The ids of the merchant's own reasons to choose from."""
    reason = features["subscription_cancel"]["cancellation_reason"]
    return list(reason["feedback_options"]) if reason["enabled"] else []


def restrict_for_mirror(features: Features) -> dict[str, Any]:
    """The features for an account that only mirrors records kept elsewhere: plans are changed and billed there."""
    billed_elsewhere = (
        *("invoice_correction", "payment_calendar", "quotes"),
        *("subscription_create", "subscription_pause", "subscription_update", "subscription_withdrawal"),
    )
    cancel = {**features["subscription_cancel"], "retention": {"enabled": False}}
    disabled = {name: {**features.get(name, {}), "enabled": False} for name in billed_elsewhere}
    return {**features, **disabled, "subscription_cancel": cancel}


def restrict_without_collection(features: Features) -> dict[str, Any]:
    """The features for an account without direct debits and without a provider: nothing could be charged."""
    return {**features, "payment_method_update": {**features["payment_method_update"], "enabled": False}}


def restrict_for_login(features: Features) -> dict[str, Any]:
    """The features for a visit that was opened with an email address alone: that address can't be changed."""
    return _without_email_change(features)


def restrict_for_session(features: Features, narrower: Mapping[str, Any] | None) -> dict[str, Any]:
    """The features of a session that was made with narrower ones: what is off there is off, and its rules count too."""
    found = dict(features)
    for name, sent in (narrower or {}).items():
        off = {"enabled": False} if sent.get("enabled") is False else {}
        rules = {"session_rules": sent["rules"]} if sent.get("rules") else {}
        found[name] = {**features.get(name, {}), **off, **rules}
    return found


#: What is left to those who only look.
_FEATURES_OF_READERS = frozenset({"invoice_history", "spending", "visits"})


def restrict_for_role(features: Features, role: Role | None) -> dict[str, Any]:
    """The features for a contact of this role; None is the customer's own visit, which is an owner's.

    The one place that says what a role may do: whatever asks the features of a visit asks this too.
    """
    if role is None or role == "owner":
        return dict(features)
    if role == "billing_manager":
        return _without_email_change({**features, "contacts": {"enabled": False}})
    kept = _FEATURES_OF_READERS if role == "accountant" else frozenset()
    closed = {name: each if name in kept else {**each, "enabled": False} for name, each in features.items()}
    return {**closed, "only_reads": {"enabled": True}}


def _without_email_change(features: Features) -> dict[str, Any]:
    update = features["customer_update"]
    allowed = [detail for detail in update["allowed_updates"] if detail != "email"]
    return {**features, "customer_update": {**update, "allowed_updates": allowed}}
