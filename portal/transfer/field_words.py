"""Words and tests that the tables of fields share."""

from typing import Any

from portal import clock
from portal.transfer.fields import Object, RefusedField, is_present

MODE = "the command says which mode it imports into"
MONEY = "money is moved elsewhere, so it changes no bill"
COMPUTED = "it is worked out from other fields"
PLATFORM = "it names the program or the platform that made the object"
ADDRESS = "an address of the other system, which has no meaning here"
SAME = "another field says the same, and that one is read"
HISTORY = "it tells how the other system collected, which is over"

SPLIT = "payments are not divided between accounts here"
AUTOMATIC_TAX = "taxes are not worked out by themselves here; give it tax rates in its place"
THRESHOLDS = "bills at a threshold have no place here"
OTHER_ISSUER = "every bill is issued by this account"
QUANTITIES = "quantities are not transformed here"
ONLY_IDS = "only the id of one is there; expand it"
ITEMIZED = "the discounts of prorations are part of their amounts here"


def because(reason: str, *paths: str) -> dict[str, str]:
    """The paths with one reason."""
    return dict.fromkeys(paths, reason)


def always(object: Object) -> bool:
    """Whatever the object says."""
    return True


def is_other_account(type: Any) -> bool:
    """Whether an issuer is another account."""
    return bool(type == "account")


def is_flat(type: Any) -> bool:
    """Whether a tax rate is an amount."""
    return bool(type == "flat_amount")


def is_itemized(value: Any) -> bool:
    """Whether discounts of prorations are listed apart."""
    return bool(value == "itemized")


def is_text(value: Any) -> bool:
    """Whether only an id is there, where the whole object is needed."""
    return isinstance(value, str)


def is_metered(value: Any) -> bool:
    """Whether a price is of what was used."""
    return value not in (None, "licensed")


def is_fraction(quantity: Any) -> bool:
    """Whether a quantity is not whole."""
    return quantity is not None and float(quantity) % 1 != 0


def still_waits(update: Any) -> bool:
    """Whether an update has not expired."""
    return bool(update) and (update.get("expires_at") or clock.now() + 1) > clock.now()


def split_fields(*prefixes: str) -> tuple[RefusedField, ...]:
    """The fields that divide a payment between accounts, below each prefix."""
    return tuple(RefusedField(f"{prefix}{name}", SPLIT) for prefix in prefixes for name in SPLIT_NAMES)


def price_fields(prefix: str, quantity: str) -> tuple[RefusedField, ...]:
    """The fields of a price that make its amount another one."""
    return (
        RefusedField(f"{prefix}{quantity}", QUANTITIES, is_present),
        RefusedField(f"{prefix}tiers", "prices in tiers have no place here"),
        RefusedField(f"{prefix}tiers_mode", "prices in tiers have no place here"),
    )


OLD_BALANCE = "invoice_customer_balance_settings"
PERIOD = ("current_period_end", "current_period_start")
SPLIT_NAMES = ("application_fee_amount", "application_fee_percent", "on_behalf_of", "transfer_data")
BREAKDOWNS = ("computed.recurring.total_details.breakdown", "computed.upfront.total_details.breakdown")
QUOTE_UNKNOWN = ("bill_on_acceptance", "prebilling", "phases")
METERED = "metered prices have no place here"
