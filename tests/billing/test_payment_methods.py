"""What is sealed of a bank account stays readable, and stays the same account, after a change of the secret key."""

from __future__ import annotations

from portal.billing.payment_methods import mandates, methods
from portal.billing.payment_methods.params import CreatePaymentMethod
from portal.models import PaymentMethod
from portal.seal import Seal
from portal.wire.commands import parse_command
from tests.factories import Factories

IBAN = "DE89370400440532013000"
OLD, BOTH = Seal(["an old key"]), Seal(["an old key", "a new key"])


def made(make: Factories, seal: Seal) -> PaymentMethod:
    sent = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": {"name": "Jenny Rosen"}}
    with make.database.writing(make.scope) as db:
        return methods.create(db, parse_command(CreatePaymentMethod, sent), seal=seal, now=1)


def test_a_number_outlives_its_key(make: Factories) -> None:
    first, second = made(make, OLD), made(make, BOTH)
    assert [BOTH.decrypt(each.sealed or b"").decode() for each in (first, second)] == [IBAN, IBAN]
    assert first.details["fingerprint"] == second.details["fingerprint"]


def test_a_reference_is_of_the_characters_that_banks_take() -> None:
    found = mandates.build_reference("Ä-rocket ROCKET1", "seed")
    assert found == mandates.build_reference("ROCKET1", "seed")
    assert found.startswith("ROCKET1-")
    assert len(mandates.build_reference("R" * 30, "seed")) <= 35
    assert mandates.build_reference(None, "a") != mandates.build_reference(None, "b")
