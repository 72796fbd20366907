"""Calls for the contacts of a customer. Beyond the reference."""

from typing import Any

from flask import Blueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.customers import find_undeleted_customer
from portal.api.endpoint import AnswerType
from portal.api.resource import render_answer, render_page
from portal.billing.customers import contacts
from portal.billing.customers.contact_params import CreateContact, InviteContact, UpdateContact
from portal.models import Contact
from portal.objects import deleted_stub
from portal.wire.commands import ExpandableCommand, ListCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    path, contact = "/customers/<customer>/contacts", AnswerType("contact")
    endpoint.add(blueprint, "POST", path, CreateContact, _create, contact)
    endpoint.add(blueprint, "GET", path, ListCommand, _list, AnswerType("contact", "list"))
    endpoint.add(blueprint, "GET", f"{path}/<id>", ExpandableCommand, _retrieve, contact)
    endpoint.add(blueprint, "POST", f"{path}/<id>", UpdateContact, _update, contact)
    endpoint.add(blueprint, "POST", f"{path}/<id>/invite", InviteContact, _invite, contact)
    endpoint.add(blueprint, "DELETE", f"{path}/<id>", ExpandableCommand, _delete, AnswerType("contact", "deleted"))


def _create(db: Session, params: CreateContact, customer: str) -> dict[str, Any]:
    return render_answer(db, "contact", contacts.create(db, customer, params, now=clock.now()), params)


def _list(db: Session, params: ListCommand, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    statement = select(Contact).where(Contact.customer_id == customer)
    return render_page(db, "contact", statement, params, f"/v1/customers/{customer}/contacts")


def _retrieve(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    return render_answer(db, "contact", contacts.find_for_customer(db, customer, id), params)


def _update(db: Session, params: UpdateContact, customer: str, id: str) -> dict[str, Any]:
    contact = contacts.find_for_customer(db, customer, id)
    return render_answer(db, "contact", contacts.update(db, contact, params, now=clock.now()), params)


def _invite(db: Session, params: InviteContact, customer: str, id: str) -> dict[str, Any]:
    contact = contacts.find_for_customer(db, customer, id)
    return render_answer(db, "contact", contacts.invite(db, contact, now=clock.now()), params)


def _delete(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    contacts.delete(db, contacts.find_for_customer(db, customer, id), now=clock.now())
    return deleted_stub("contact", id)
