"""Makes a merchant collect by direct debit, and customers give mandates."""

from __future__ import annotations

from typing import Any

from portal import clock, ids
from portal.models import Account, Customer, Mandate, PaymentMethod
from portal.seal import Seal
from tests.factories import Factories
from tests.statements_of_banks import OWN_IBAN

CREDITOR = {"creditor_id": "DE98ZZZ09999999999", "creditor_name": "Rocket Rides GmbH & Co. KG", "iban": OWN_IBAN}
DEBTOR_IBAN = "DE89370400440532013000"


def begin_collecting(make: Factories, **collection: Any) -> None:
    """The merchant names itself as the creditor, on these terms."""
    with make.database.writing(make.scope) as db:
        account = db.get_one(Account, make.scope.account_id)
        account.settings = {**account.settings, "direct_debit": CREDITOR, "collection": collection}


def sign(
    make: Factories,
    seal: Seal,
    customer: Customer,
    *,
    iban: str = DEBTOR_IBAN,
    type: str = "multi_use",
    now: int | None = None,
) -> Mandate:
    """A mandate that a customer gives; what it debits is the customer's default from now on."""
    now = clock.now() if now is None else now
    with make.database.writing(make.scope) as db:
        method = PaymentMethod(
            id=ids.new("payment_method"),
            created=now,
            customer_id=customer.id,
            type="sepa_debit",
            details={
                "bank_code": iban[4:12],
                "branch_code": None,
                "country": iban[:2],
                "fingerprint": "4fYtGcmo0tMHuVNd",
                "last4": iban[-4:],
            },
            sealed=seal.encrypt(iban.encode()),
        )
        id = ids.new("mandate")
        mandate = Mandate(
            id=id,
            created=now,
            customer_id=customer.id,
            payment_method_id=method.id,
            reference=f"M-{id[-20:].upper()}",
            type=type,
            status="active",
            acceptance={"accepted_at": now, "type": "online"},
        )
        db.add_all([method, mandate])
        db.flush()
        db.get_one(Customer, (customer.tenant_id, customer.id)).default_payment_method_id = method.id
    return mandate
