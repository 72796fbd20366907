"""Mandates: the leave to collect by a payment method, kept with the words that the customer agreed to."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import accounts
from portal.billing.payment_methods import mandate_ends
from portal.db import scope_of
from portal.models import Customer, Mandate, PaymentMethod
from portal.rules.creditors import Creditor, creditor_of

#: Letters and digits that are not mistaken for each other, all of the SEPA set.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Consent:
    """How a customer agreed. `acceptance` is the wire's hash; of a page of the portal, the words that it showed."""

    acceptance: dict[str, Any]
    reference: str | None = None
    text: str | None = None
    locale: str | None = None
    session_id: str | None = None


def give(db: Session, method: PaymentMethod, consent: Consent, *, now: int) -> Mandate:
    """The mandate for a method that is locked: the active one, else a new one to the account's creditor."""
    found = find_active(db, method.id)
    if found is not None:
        return found
    creditor, id = find_creditor(db), ids.new("mandate")
    mandate = Mandate(
        id=id,
        created=now,
        customer_id=method.customer_id,
        payment_method_id=method.id,
        reference=consent.reference or _new_reference(db, method, id),
        type="multi_use",
        status="active",
        acceptance={"accepted_at": now, **consent.acceptance},
        session_id=consent.session_id,
        locale=consent.locale,
        text=consent.text,
        creditor_id=creditor.creditor_id if creditor else None,
        creditor_name=creditor.name if creditor else None,
    )
    db.add(mandate)
    return mandate


def find_active(db: Session, method_id: str) -> Mandate | None:
    """The mandate by which a method can be charged; None without one."""
    active = select(Mandate).where(Mandate.payment_method_id == method_id, Mandate.status == "active")
    return db.scalars(active.order_by(Mandate.created.desc(), Mandate.id.desc()).limit(1)).first()


def find_usable(db: Session, method_ids: Sequence[str | None], *, now: int) -> Mandate | None:
    """The active mandate of the first of these payment methods that can be collected by now; None without any."""
    wanted = [id for id in method_ids if id]
    if not wanted:
        return None
    statement = (
        select(Mandate)
        .join(PaymentMethod, PaymentMethod.id == Mandate.payment_method_id)
        .where(
            PaymentMethod.id.in_(wanted),
            PaymentMethod.type == "sepa_debit",
            PaymentMethod.provider.is_(None),
            PaymentMethod.customer_id.is_not(None),
            Mandate.status == "active",
            or_(Mandate.type != "single_use", Mandate.first_used_at.is_(None)),
            func.coalesce(Mandate.last_used_at, Mandate.created) > mandate_ends.unused_since(now),
        )
    )
    found = {each.payment_method_id: each for each in db.scalars(statement.order_by(Mandate.created, Mandate.id))}
    return next((found[id] for id in wanted if id in found), None)


def hand_over(db: Session, method: PaymentMethod) -> None:
    """A mandate belongs to whom its method is attached to."""
    for mandate in db.scalars(select(Mandate).where(Mandate.payment_method_id == method.id)):
        mandate.customer_id = method.customer_id


def find_by_reference(db: Session, reference: str) -> Mandate | None:
    """The mandate with this reference; None without one."""
    return db.scalars(select(Mandate).where(Mandate.reference == reference)).one_or_none()


def find_creditor(db: Session) -> Creditor | None:
    """The creditor that this session's account is; None where it collects nothing."""
    return creditor_of(accounts.find_account(db, scope_of(db).account_id).settings)


def build_reference(prefix: str | None, seed: str) -> str:
    """A reference of at most 23 characters of the SEPA set: the customer's prefix, and what follows from the seed."""
    readable = re.sub(r"[^A-Z0-9]", "", prefix or "", flags=re.ASCII)[:12]
    digest = hashlib.sha256(seed.encode()).digest()
    return f"{readable or 'M'}-{''.join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])}"


def _new_reference(db: Session, method: PaymentMethod, id: str) -> str:
    owner = select(Customer.invoice_prefix).where(Customer.id == method.customer_id)
    return build_reference(db.scalar(owner) if method.customer_id else None, id)
