"""The words of a subscription's invoice lines, in the customer's language."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal import i18n, zones
from portal.billing.catalogue import products
from portal.billing.catalogue.sold import SoldItem
from portal.billing.ledger import parties
from portal.models import Customer


def item_name(db: Session, sold: SoldItem) -> str:
    """The name of an item: that of its product."""
    return products.product_name(db, sold.price.product_id)


def counted_name(db: Session, customer: Customer, sold: SoldItem) -> str:
    """The name of an item, after its quantity unless that is one."""
    name, quantity = item_name(db, sold), sold.item.quantity
    return name if quantity == 1 else f"{i18n.format_number(quantity, parties.customer_locale(db, customer))} × {name}"


def trial_period(db: Session, customer: Customer, sold: SoldItem) -> str:
    """Describes the line of an item on trial."""
    _ = _translations(db, customer)
    return _("Trial period for %(product)s") % {"product": item_name(db, sold)}


def unused_time(db: Session, customer: Customer, product: str, moment: int) -> str:
    """Describes a credit for the time after `moment`."""
    _ = _translations(db, customer)
    return _("Unused time on %(product)s after %(date)s") % _after(db, customer, product, moment)


def remaining_time(db: Session, customer: Customer, product: str, moment: int) -> str:
    """Describes a charge for the time after `moment`."""
    _ = _translations(db, customer)
    return _("Remaining time on %(product)s after %(date)s") % _after(db, customer, product, moment)


def _translations(db: Session, customer: Customer) -> Callable[[str], str]:
    return i18n.load_translations(parties.customer_locale(db, customer)).gettext


def _after(db: Session, customer: Customer, product: str, moment: int) -> dict[str, str]:
    day = zones.day_of(moment, parties.account_zone(db))
    return {"product": product, "date": i18n.format_day(day, parties.customer_locale(db, customer))}
