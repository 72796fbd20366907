"""Tax IDs of customers and of the account itself. They can't be changed: a correction is a new tax ID."""

from typing import Annotated, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import default_tax_ids
from portal.db import find_row, lock_and_refresh, lock_row, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, TaxId
from portal.rules import tax_ids as tax_id_rules
from portal.wire.commands import Command, ExpandableCommand, Id, ListCommand, text_up_to

MOST_PER_CUSTOMER = 5
MOST_PER_ACCOUNT = 100
LONGEST_VALUE = 250


class TaxIdOwner(Command):
    """A customer, or the account itself (`self`)."""

    type: Literal["account", "application", "customer", "self"]
    customer: Id | None = None
    account: Id | None = None


class CreateCustomerTaxId(ExpandableCommand):
    """Parameters for the customer in the path."""

    type: Id
    value: Annotated[str, text_up_to(LONGEST_VALUE)]


class CreateTaxIdForOwner(CreateCustomerTaxId):
    """Parameters for the account itself, unless `owner` names a customer."""

    owner: TaxIdOwner | None = None


class CreateTaxId(CreateCustomerTaxId):
    """Parameters for a customer or, without one, for the account itself."""

    customer: Id | None = None


class ListTaxIds(ListCommand):
    owner: TaxIdOwner | None = None


def create(db: Session, command: CreateTaxId, *, now: int) -> TaxId:
    """Create a tax ID, checked by format and check digits.

    Raises `InvalidRequest` (`tax_id_invalid`) for a wrong format, for an unknown type, for one that
    exists already and for more than a customer or the account can have.
    """
    if command.customer is not None:
        _refuse_deleted(lock_row(db, Customer, command.customer, noun="customer", param="customer"))
    tax_id = _build_tax_id(db, command, now)
    _refuse_too_many(db, tax_id)
    db.add(tax_id)
    return tax_id


def create_for_owner(db: Session, command: CreateTaxIdForOwner, *, now: int) -> TaxId:
    """`create`, for a customer or the account named by an `owner`."""
    sent, customer_id = command.sent_values("type", "value"), owner_customer_id(command.owner)
    if customer_id is not None:
        _refuse_deleted(find_row(db, Customer, customer_id, noun="customer", param="owner[customer]"))
    return create(db, CreateTaxId(**sent, customer=customer_id), now=now)


def delete(db: Session, tax_id: TaxId, *, now: int) -> None:
    """Delete a tax ID; finalized invoices keep their copy. Raises `ResourceMissing` where it is gone already."""
    lock_and_refresh(db, tax_id, noun="tax ID")
    if tax_id.customer_id is None:
        default_tax_ids.forget_tax_id(db, tax_id.id)
    db.delete(tax_id)


def owner_customer_id(owner: TaxIdOwner | None) -> str | None:
    """The id of the customer that an owner names, or None for the account itself. Raises `InvalidRequest`."""
    if owner is None or owner.type == "self":
        return None
    if owner.type != "customer":
        raise InvalidRequest("The owner is a customer or 'self'.", param="owner[type]")
    if owner.customer is None:
        raise MissingParameter("owner[customer]")
    return owner.customer


def list_for_customer(db: Session, customer_id: str) -> list[TaxId]:
    """A customer's tax ids, oldest first."""
    return list(db.scalars(_OF_CUSTOMER, {"customer_id": customer_id}))


def list_for_account(db: Session, chosen: list[str] | None) -> list[TaxId]:
    """The seller's own tax ids: the chosen ones, else all."""
    # the account's default choice is shared by both modes, and the other mode's are not found here
    rows = list(db.scalars(_OWN.where(TaxId.id.in_(chosen)))) if chosen else []
    return rows or list(db.scalars(_OF_ACCOUNT))


_OLDEST_FIRST = select(TaxId).order_by(TaxId.created, TaxId.id)
_OF_CUSTOMER = _OLDEST_FIRST.where(TaxId.customer_id == bindparam("customer_id")).execution_options(prebuilt=True)
_OWN = _OLDEST_FIRST.where(TaxId.customer_id.is_(None))
_OF_ACCOUNT = _OWN.execution_options(prebuilt=True)


def find_for_customer(db: Session, customer_id: str, id: str) -> TaxId:
    """A tax id of that customer. Raises `ResourceMissing` for any other."""
    tax_id = find_row(db, TaxId, id, noun="tax ID")
    if tax_id.customer_id != customer_id:
        raise ResourceMissing("tax ID", id)
    return tax_id


def _refuse_deleted(customer: Customer) -> None:
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer.id, param="customer")


def _build_tax_id(db: Session, command: CreateTaxId, now: int) -> TaxId:
    type = command.type
    if type not in tax_id_rules.TYPES:
        raise InvalidRequest(f"Invalid type: '{type}' is not a tax ID type.", param="type")
    value = tax_id_rules.normalize_value(type, command.value)
    if value is None:
        raise InvalidRequest(
            f"Invalid value for {type}: it is written like {tax_id_rules.example_value(type)}.",
            param="value",
            code="tax_id_invalid",
        )
    return TaxId(
        id=ids.new("tax_id"),
        created=now,
        customer_id=command.customer,
        type=type,
        value=value,
        country=tax_id_rules.country_of_value(type, value),
        verification=tax_id_rules.verification_status(type, value, livemode=scope_of(db).livemode),
    )


def _refuse_too_many(db: Session, new: TaxId) -> None:
    """The customer is locked, so that parallel calls count right."""
    same_owner = TaxId.customer_id.is_(None) if new.customer_id is None else TaxId.customer_id == new.customer_id
    there = [tuple(row) for row in db.execute(select(TaxId.type, TaxId.value).where(same_owner))]
    most = MOST_PER_CUSTOMER if new.customer_id else MOST_PER_ACCOUNT
    if len(there) >= most:
        raise InvalidRequest(f"There can be at most {most} tax IDs. Remove one first.", code="tax_ids_limit_reached")
    if (new.type, new.value) in there:
        raise InvalidRequest(f"The tax ID {new.value} is already there.", param="value", code="resource_already_exists")
