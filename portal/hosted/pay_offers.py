"""What the page shows on which an open invoice is paid: how much, and by what."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.customers import test_clocks
from portal.billing.intents import by_customers, chargeable, pages
from portal.billing.intents.by_customers import Payable
from portal.billing.payment_methods import mandates, own_methods
from portal.db import find_row
from portal.models import Customer, Invoice, PaymentMethod
from portal.rules.creditors import Creditor

#: What can be given, and whether an account takes it in a currency.
_GIVEN = {"sepa_debit": chargeable.takes_debits, "card": chargeable.takes_cards}
ALL = tuple(_GIVEN)


@dataclass(frozen=True)
class PayOffer:
    """What can be paid of an invoice, by the methods that are `kept` and those that can be given (`types`).

    `reference` is that of the mandate that the page shows, `seed` what it follows from. With `leads_elsewhere`, cards
    are given on the provider's page, and with `keeps` they can be kept.
    """

    invoice: Invoice
    customer: Customer
    payable: Payable
    kept: list[PaymentMethod]
    types: tuple[str, ...]
    creditor: Creditor | None
    reference: str
    seed: str
    now: int
    leads_elsewhere: bool
    keeps: bool

    @property
    def card_fields(self) -> dict[str, bool]:
        """The fields of the form about a card, and whether it has them."""
        takes = "card" in self.types
        return {"card": takes and not self.leads_elsewhere, "keep": takes and self.leads_elsewhere and self.keeps}


def is_payable(db: Session, invoice: Invoice, *, offered: Sequence[str] = ALL, shows_kept: bool) -> bool:
    """Whether there is an offer for an invoice; asks for no more than that needs."""
    if by_customers.find_payable(db, invoice, now=test_clocks.time_for_row(db, invoice)) is None:
        return False
    if _list_types(db, invoice.currency, offered):
        return True
    return shows_kept and find_offer(db, invoice, "", offered=offered, shows_kept=True) is not None


def find_offer(
    db: Session, invoice: Invoice, seed: str, *, offered: Sequence[str] = ALL, shows_kept: bool
) -> PayOffer | None:
    """The offer for an invoice, of the types `offered`; None where nothing can be paid now, or only by transfer."""
    now = test_clocks.time_for_row(db, invoice)
    payable = by_customers.find_payable(db, invoice, now=now)
    if payable is None:
        return None
    customer, currency = find_row(db, Customer, invoice.customer_id, noun="customer"), invoice.currency
    types = _list_types(db, currency, offered)
    kept = chargeable.list_kept(db, customer, currency, now=now) if shows_kept else []
    if customer.deleted_at is not None or not (types or kept):
        return None
    reference = own_methods.next_reference(db, customer, seed)
    return PayOffer(
        invoice,
        customer,
        payable,
        kept,
        types,
        mandates.find_creditor(db),
        reference,
        seed,
        now,
        leads_elsewhere="card" in types and pages.has_pages(db),
        keeps=shows_kept,
    )


def _list_types(db: Session, currency: str, offered: Sequence[str]) -> tuple[str, ...]:
    """What can be given on the page."""
    return tuple(type for type, is_open in _GIVEN.items() if type in offered and is_open(db, currency))
