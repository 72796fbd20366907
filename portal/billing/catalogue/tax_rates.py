"""Tax rates: a percentage that never changes, and its description."""

from typing import Annotated

from sqlalchemy.orm import Session

from portal import ids
from portal.db import rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import TaxRate
from portal.rules.money import decimal_text
from portal.wire.commands import (
    Clearable,
    Country,
    ExactDecimal,
    ExpandableCommand,
    Flag,
    ListCommand,
    Metadata,
    Text,
    TimestampFilter,
    merge_metadata,
    text_up_to,
)

#: Of one line.
MOST_RATES = 5


class UpdateTaxRate(ExpandableCommand):
    """What can change of a tax rate; its percentage never does."""

    active: Flag | None = None
    country: Clearable[Country] = None
    description: Clearable[Text] = None
    display_name: Annotated[str, text_up_to(50)] | None = None
    jurisdiction: Clearable[Annotated[str, text_up_to(50)]] = None
    metadata: Metadata = {}
    state: Clearable[Annotated[str, text_up_to(50)]] = None
    tax_type: Clearable[Annotated[str, text_up_to(50)]] = None


class CreateTaxRate(UpdateTaxRate):
    display_name: Annotated[str, text_up_to(50)]
    inclusive: Flag
    percentage: ExactDecimal


class ListTaxRates(ListCommand):
    active: Flag | None = None
    created: TimestampFilter = None
    inclusive: Flag | None = None


def create_tax_rate(db: Session, command: CreateTaxRate, *, now: int) -> TaxRate:
    """Create a tax rate. Raises `InvalidRequest` for a percentage beyond 0 to 100 or with more than 4 decimals."""
    percentage = command.percentage
    if not 0 <= percentage <= 100 or percentage != round(percentage, 4):
        raise InvalidRequest("A percentage is between 0 and 100, with at most 4 decimals.", param="percentage")
    rate = TaxRate(
        id=ids.new("tax_rate"),
        created=now,
        active=True,
        inclusive=command.inclusive,
        percentage=decimal_text(percentage),
        metadata_={},
    )
    db.add(rate)
    return update_tax_rate(db, rate, command, now=now)


def update_tax_rate(db: Session, rate: TaxRate, command: UpdateTaxRate, *, now: int) -> TaxRate:
    """Change texts and `active`; the percentage never changes."""
    words = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
    for key, value in command.sent_values(*words).items():
        setattr(rate, key, value)
    if command.was_sent("metadata"):
        rate.metadata_ = merge_metadata(rate.metadata_, command.metadata)
    return rate


def active_tax_rates(db: Session, rate_ids: list[str], param: str) -> list[TaxRate]:
    """The tax rates in the order of their ids. Raises `ResourceMissing`, or `InvalidRequest` for an inactive one."""
    if len(rate_ids) > MOST_RATES or len(set(rate_ids)) != len(rate_ids):
        raise InvalidRequest(f"There can be at most {MOST_RATES} different tax rates.", param=param)
    found = rows_by_id(db, TaxRate, rate_ids)
    for index, id in enumerate(rate_ids):
        if id not in found:
            raise ResourceMissing("tax rate", id, param=f"{param}[{index}]")
        if not found[id].active:
            raise InvalidRequest(f"The tax rate '{id}' is not active.", param=f"{param}[{index}]")
    return [found[id] for id in rate_ids]
