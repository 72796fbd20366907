"""Payment methods: made of a bank account, attached to a customer, and detached for good."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.ledger import locks
from portal.billing.payment_methods import cards, mandate_ends, mandates
from portal.billing.payment_methods.params import AttachPaymentMethod, MethodData, UpdatePaymentMethod
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Invoice, PaymentMethod, Subscription
from portal.rules.sepa import BankAccount
from portal.seal import Seal
from portal.wire.commands import ExpandableCommand, merge_metadata

NOUN = "payment method"


def create(db: Session, command: MethodData, *, seal: Seal, now: int) -> PaymentMethod:
    """A payment method of nobody yet; an account number is sealed. Raises `MissingParameter`, and what `cards` does."""
    if command.type == "card":
        return cards.create(db, command, now=now)
    if command.sepa_debit is None:
        raise MissingParameter("sepa_debit", why="it goes with type=sepa_debit")
    if command.billing_details is None or command.billing_details.name is None:
        raise MissingParameter("billing_details[name]", why="a bank account has a holder")
    account = BankAccount(command.sepa_debit.iban)
    method = PaymentMethod(
        id=ids.new("payment_method"),
        created=now,
        type=command.type,
        billing_details=command.billing_details.model_dump(),
        details={
            "bank_code": account.bank_code,
            "branch_code": account.branch_code,
            "country": account.country,
            "fingerprint": _fingerprint(db, account, seal),
            "last4": account.last4,
        },
        sealed=seal.encrypt(account.iban.encode()),
        allow_redisplay=command.allow_redisplay or "unspecified",
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(method)
    return method


def update(db: Session, method: PaymentMethod, command: UpdatePaymentMethod, *, now: int) -> PaymentMethod:
    """Change what was sent. Raises `InvalidRequest` for a method that belongs to nobody."""
    _lock(db, method)
    if command.billing_details:
        details = {**method.billing_details, **command.billing_details.model_dump(exclude_unset=True)}
        if details["name"] is None and method.type == "sepa_debit":
            raise InvalidRequest("A bank account has a holder.", param="billing_details[name]")
        method.billing_details = details
    if command.allow_redisplay:
        method.allow_redisplay = command.allow_redisplay
    if command.was_sent("metadata"):
        method.metadata_ = merge_metadata(method.metadata_, command.metadata)
    return method


def attach(db: Session, method: PaymentMethod, command: AttachPaymentMethod, *, now: int) -> PaymentMethod:
    """Give a method to a customer. Raises what `attach_to` does, `ResourceMissing` for an unknown customer."""
    return attach_to(db, locks.billable_customer(db, command.customer), method)


def attach_to(db: Session, customer: Customer, method: PaymentMethod) -> PaymentMethod:
    """Give a method to a customer who is locked; nothing happens where it is this customer's already.

    Raises `InvalidRequest` for another customer's, and for one that was detached.
    """
    lock_and_refresh(db, method, noun=NOUN)
    if method.customer_id is not None and method.customer_id != customer.id:
        raise InvalidRequest("The payment method is attached to another customer.", param="customer")
    if method.detached_from is not None:
        raise InvalidRequest("The payment method was detached, and can't be used again. Make a new one.")
    method.customer_id = customer.id
    mandates.hand_over(db, method)
    return method


def detach(db: Session, method: PaymentMethod, command: ExpandableCommand | None = None, *, now: int) -> PaymentMethod:
    """Take a method from its customer: nothing is charged by it again, and its mandates end.

    Raises `InvalidRequest` for a method that belongs to nobody.
    """
    _detach(db, _lock(db, method), method, now)
    return method


def erase(db: Session, customer: Customer, *, now: int) -> None:
    """Detach all methods of a customer who is locked and leaves, and forget every account number of theirs."""
    own = (PaymentMethod.customer_id == customer.id) | (PaymentMethod.detached_from == customer.id)
    for method in db.scalars(select(PaymentMethod).where(own).order_by(PaymentMethod.id).with_for_update()):
        if method.customer_id is not None:
            _detach(db, customer, method, now)
        method.sealed = None


def find_usable(db: Session, id: str, customer_id: str, param: str) -> PaymentMethod:
    """A method that this customer can be charged by. Raises `ResourceMissing`, `InvalidRequest` for another's."""
    method = find_row(db, PaymentMethod, id, noun=NOUN, param=param)
    if method.customer_id != customer_id:
        raise InvalidRequest(
            "The customer does not have a payment method with this id. Attach it to the customer first.", param=param
        )
    return method


def choose_default(db: Session, row: Subscription | Invoice, id: str | None) -> None:
    """Set what a subscription or an invoice is charged by. Raises what `find_usable` does."""
    if id is not None:
        find_usable(db, id, row.customer_id, "default_payment_method")
    row.default_payment_method_id = id


def list_for_customer(db: Session, customer_id: str) -> list[PaymentMethod]:
    """A customer's methods, newest first."""
    newest = select(PaymentMethod).where(PaymentMethod.customer_id == customer_id)
    return list(db.scalars(newest.order_by(PaymentMethod.created.desc(), PaymentMethod.id.desc())))


def _lock(db: Session, method: PaymentMethod) -> Customer:
    """Lock a method after its customer, who is returned. Raises `InvalidRequest` where it is nobody's."""
    customer = locks.customer(db, method.customer_id) if method.customer_id else None
    lock_and_refresh(db, method, noun=NOUN)
    if customer is None or method.customer_id != customer.id:
        raise InvalidRequest("The payment method is not attached to a customer, so this is not possible.")
    return customer


def _detach(db: Session, owner: Customer, method: PaymentMethod, now: int) -> None:
    _clear_defaults(db, owner, method)
    mandate_ends.end_all(db, method.id, "detached", now=now)
    method.customer_id, method.detached_from = None, owner.id


def _fingerprint(db: Session, account: BankAccount, seal: Seal) -> str:
    """The same for the same account: where an older secret key made it, that one stays."""
    digests = seal.digests(account.iban.encode())
    if seal.is_single:
        return digests[0]
    fingerprint: Any = PaymentMethod.details["fingerprint"].as_string()
    same = select(fingerprint).where(fingerprint.in_(digests), PaymentMethod.type == "sepa_debit").limit(1)
    return db.scalar(same) or digests[0]


def _clear_defaults(db: Session, owner: Customer, method: PaymentMethod) -> None:
    """Nothing that is still to be billed names the method any more."""
    if owner.default_payment_method_id == method.id:
        owner.default_payment_method_id = None
    for model in (Subscription, Invoice):
        named: Any = select(model).where(model.customer_id == owner.id, model.default_payment_method_id == method.id)
        if model is Invoice:
            named = named.where(Invoice.status.in_(("draft", "open")))
        for row in db.scalars(named.order_by(model.id).with_for_update()):
            row.default_payment_method_id = None
