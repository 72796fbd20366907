"""Tax ids of customers and of the account itself: immutable, so a correction is a new one."""

from __future__ import annotations

from typing import Annotated, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import find, locked, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer, TaxId
from portal.rules import tax_ids as rules
from portal.wire.params import Command, Expanding, Id, Listing, text

AT_MOST = 5
AT_MOST_OF_ACCOUNT = 100


class Owner(Command):
    type: Literal["account", "application", "customer", "self"]
    customer: Id | None = None
    account: Id | None = None


class CreateTaxId(Expanding):
    type: Id
    value: Annotated[str, text(250)]
    owner: Owner | None = None
    # for calls below /v1/customers/:id and for pages
    customer: Id | None = None


class CreateOwnTaxId(Expanding):
    """Of a customer named by the path."""

    type: Id
    value: Annotated[str, text(250)]


class ListTaxIds(Listing):
    owner: Owner | None = None


def create(db: Session, command: CreateTaxId, *, now: int) -> TaxId:
    """A tax id, checked by format and check digits.

    Raises `InvalidRequest` (`tax_id_invalid`) for a wrong format, for an unknown type, for one that
    is there already and for a sixth of a customer.
    """
    customer_id = _owner(db, command)
    type = rules.TYPES.get(command.type)
    if type is None:
        raise InvalidRequest(f"Invalid type: '{command.type}' is not a tax ID type.", param="type")
    value = rules.normalized(command.type, command.value)
    if value is None:
        raise InvalidRequest(
            f"Invalid value for {command.type}: it is written like {rules.example(command.type)}.",
            param="value",
            code="tax_id_invalid",
        )
    _refuse_too_many(db, customer_id, command.type, value)
    tax_id = TaxId(
        id=ids.new("tax_id"),
        created=now,
        customer_id=customer_id,
        type=command.type,
        value=value,
        country=rules.country(command.type, value),
        verification=rules.verification(command.type, value, livemode=scope_of(db).livemode),
    )
    db.add(tax_id)
    return tax_id


def delete(db: Session, tax_id: TaxId, *, now: int) -> None:
    """Remove it; invoices that are finalized keep their copy."""
    db.delete(tax_id)


def of_customer(db: Session, customer_id: str) -> list[TaxId]:
    """A customer's tax ids, oldest first."""
    return list(db.scalars(select(TaxId).where(TaxId.customer_id == customer_id).order_by(TaxId.created, TaxId.id)))


def of_account(db: Session, chosen: list[str] | None) -> list[TaxId]:
    """The seller's own tax ids: the chosen ones, else all."""
    statement = select(TaxId).where(TaxId.customer_id.is_(None)).order_by(TaxId.created, TaxId.id)
    return list(db.scalars(statement.where(TaxId.id.in_(chosen)) if chosen else statement))


def _owner(db: Session, command: CreateTaxId) -> str | None:
    """The customer's id, locked so that parallel calls count right, or None for the account itself."""
    id = command.customer
    if id is None and command.owner and command.owner.type == "customer":
        id = command.owner.customer
        if id is None:
            raise InvalidRequest(
                "Missing required param: owner[customer].", param="owner[customer]", code="parameter_missing"
            )
    elif id is None:
        if command.owner and command.owner.type != "self":
            raise InvalidRequest("The owner is a customer or 'self'.", param="owner[type]")
        return None
    customer = locked(db, Customer, id, noun="customer", param="customer")
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", id, param="customer")
    return id


def _refuse_too_many(db: Session, customer_id: str | None, type: str, value: str) -> None:
    own = TaxId.customer_id.is_(None) if customer_id is None else TaxId.customer_id == customer_id
    count = db.scalar(select(func.count()).select_from(TaxId).where(own)) or 0
    most = AT_MOST if customer_id else AT_MOST_OF_ACCOUNT
    if count >= most:
        raise InvalidRequest(f"There can be at most {most} tax IDs. Remove one first.", code="tax_ids_limit_reached")
    if db.scalar(select(TaxId.id).where(own, TaxId.type == type, TaxId.value == value)):
        raise InvalidRequest(f"The tax ID {value} is already there.", param="value", code="resource_already_exists")


def belonging_to(db: Session, customer_id: str, id: str) -> TaxId:
    """A tax id of that customer. Raises `ResourceMissing` for any other."""
    tax_id = find(db, TaxId, id, noun="tax ID")
    if tax_id.customer_id != customer_id:
        raise ResourceMissing("tax ID", id)
    return tax_id
