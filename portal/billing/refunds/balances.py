"""Credit of a customer that is paid out: taken off the balance at once, so that no invoice uses it up meanwhile.

It comes back where the merchant decides otherwise, or the bank refuses.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.accounts import accounts
from portal.billing.ledger import balances, locks
from portal.billing.refunds.payees import Payee
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest
from portal.models import BalanceTransaction, Customer, Refund
from portal.rules.payers import payer_of
from portal.rules.payouts import BACK_WORDS, PAYOUT_WORDS
from portal.rules.transfer_ids import new_end_to_end_id


def find_open(db: Session, customer_id: str) -> Refund | None:
    """The payout of a customer that is under way, if any."""
    mine = (Refund.customer_id == customer_id, Refund.balance_transaction_id.is_not(None))
    under_way = Refund.status.in_(("pending", "requires_action"))
    return db.scalars(select(Refund).where(*mine, under_way).limit(1)).first()


def can_pay_out(db: Session, customer: Customer) -> bool:
    """Whether there is credit in euros, and the merchant has named an account to pay it from."""
    if customer.balance >= 0 or customer.currency != "eur":
        return False
    return payer_of(accounts.find_account(db, scope_of(db).account_id).settings) is not None


def begin(db: Session, customer_id: str, payee: Payee, amount: int | None, *, status: str, now: int) -> Refund:
    """Take credit off a balance to pay it out, all of it without an amount; the merchant decides of `requires_action`.

    Raises `InvalidRequest` without such credit, and while another payout is under way.
    """
    customer = locks.billable_customer(db, customer_id)
    if not can_pay_out(db, customer):
        raise InvalidRequest("There is no credit in euros that could be transferred.", param="customer")
    if find_open(db, customer.id) is not None:
        raise InvalidRequest("A payout of this customer is under way already.", param="customer")
    wanted = amount or -customer.balance
    if wanted > -customer.balance:
        raise InvalidRequest(f"The customer has {-customer.balance} of credit.", param="amount")
    taken = _move(db, customer, wanted, PAYOUT_WORDS, now)
    refund = Refund(
        id=ids.new("refund"),
        created=now,
        customer_id=customer.id,
        balance_transaction_id=taken.id,
        amount=wanted,
        currency="eur",
        reason="requested_by_customer",
        status=status,
        payee_name=payee.name,
        sealed=payee.sealed,
        end_to_end_id=new_end_to_end_id(),
        metadata_={},
    )
    db.add(refund)
    return refund


def give_back(db: Session, refund: Refund, *, now: int) -> None:
    """Credit what is not paid out; the customer is locked."""
    refund.sealed = None
    _move(db, find_row(db, Customer, refund.customer_id, noun="customer"), -refund.amount, BACK_WORDS, now)


def fail(db: Session, refund: Refund, reason: str | None) -> None:
    """Note that the bank did not pay out. The customer is locked, and then the refund."""
    give_back(db, refund, now=clock.now())
    refund.status, refund.failure_reason = "failed", reason or "unknown"


def _move(db: Session, customer: Customer, amount: int, words: str, now: int) -> BalanceTransaction:
    made = balances.add_transaction(db, customer, "adjustment", amount, "eur", now=now)
    made.description = words
    return made
