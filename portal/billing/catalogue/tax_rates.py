"""Tax rates: a percentage that never changes, with the words for it."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy.orm import Session

from portal import ids
from portal.db import among
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import TaxRate
from portal.rules.money import plain
from portal.wire.commands import (
    Clearable,
    Country,
    Exact,
    Expanding,
    Flag,
    Listing,
    Metadata,
    Text,
    TimestampFilter,
    merged,
    text,
)

#: Of one line.
AT_MOST = 5


class UpdateTaxRate(Expanding):
    active: Flag | None = None
    country: Clearable[Country] = None
    description: Clearable[Text] = None
    display_name: Annotated[str, text(50)] | None = None
    jurisdiction: Clearable[Annotated[str, text(50)]] = None
    metadata: Metadata = {}
    state: Clearable[Annotated[str, text(50)]] = None
    tax_type: Clearable[Annotated[str, text(50)]] = None


class CreateTaxRate(UpdateTaxRate):
    display_name: Annotated[str, text(50)]
    inclusive: Flag
    percentage: Exact


class ListTaxRates(Listing):
    active: Flag | None = None
    created: TimestampFilter = None
    inclusive: Flag | None = None


def create_tax_rate(db: Session, command: CreateTaxRate, *, now: int) -> TaxRate:
    """A tax rate. Raises `InvalidRequest` for a percentage beyond 0 to 100 or finer than 4 digits."""
    percentage = command.percentage
    if not 0 <= percentage <= 100 or percentage != round(percentage, 4):
        raise InvalidRequest("A percentage is between 0 and 100, with at most 4 decimals.", param="percentage")
    rate = TaxRate(
        id=ids.new("tax_rate"),
        created=now,
        active=True,
        inclusive=command.inclusive,
        percentage=plain(percentage),
        metadata_={},
    )
    db.add(rate)
    return update_tax_rate(db, rate, command, now=now)


def update_tax_rate(db: Session, rate: TaxRate, command: UpdateTaxRate, *, now: int) -> TaxRate:
    """Words and activity change; the percentage never does."""
    words = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
    for key, value in command.given(*words).items():
        setattr(rate, key, value)
    if command.has("metadata"):
        rate.metadata_ = merged(rate.metadata_, command.metadata)
    return rate


def tax_rates(db: Session, rate_ids: list[str], param: str) -> list[TaxRate]:
    """Tax rates in the order of their ids, each active. Raises `ResourceMissing` or `InvalidRequest`."""
    if len(rate_ids) > AT_MOST or len(set(rate_ids)) != len(rate_ids):
        raise InvalidRequest(f"There can be at most {AT_MOST} different tax rates.", param=param)
    found = among(db, TaxRate, rate_ids)
    for index, id in enumerate(rate_ids):
        if id not in found:
            raise ResourceMissing("tax rate", id, param=f"{param}[{index}]")
        if not found[id].active:
            raise InvalidRequest(f"The tax rate '{id}' is not active.", param=f"{param}[{index}]")
    return [found[id] for id in rate_ids]
