"""How much of an invoice a credit note may take back, and how it is settled."""

from __future__ import annotations

from dataclasses import dataclass


class NotCreditable(ValueError):
    """The amounts don't fit the invoice; the message says how."""


@dataclass(frozen=True)
class Settled:
    """Parts of a credit note's total: before payment it lowers what is due, afterwards it is given back."""

    pre_payment: int
    credit: int
    out_of_band: int

    @property
    def type(self) -> str:
        """The wire's `type`."""
        return "pre_payment" if self.pre_payment else "post_payment"


def settled(
    *,
    total: int,
    status: str,
    invoice_total: int,
    credited: int,
    amount_remaining: int,
    credit: int | None,
    out_of_band: int | None,
) -> Settled:
    """How a credit note of `total` is settled on an invoice.

    An open invoice is lowered (and paid at nothing); on a paid one, balance credit and what was
    given back outside add up to the total. Raises `NotCreditable` otherwise.
    """
    if total <= 0:
        raise NotCreditable("The credit note's total must be positive.")
    if credited + total > invoice_total:
        raise NotCreditable(
            f"The credit notes of this invoice may not exceed its total: {invoice_total - credited} is left to credit."
        )
    if status in {"open", "uncollectible"}:
        return _before_payment(total, amount_remaining, credit, out_of_band)
    if status != "paid":
        raise NotCreditable(f"An invoice that is {status} can't be credited; it must be open or paid.")
    given = (credit or 0) + (out_of_band or 0)
    if given != total:
        raise NotCreditable(
            f"The sum of credit_amount and out_of_band_amount must be the credit note's total of {total}, not {given}."
        )
    return Settled(0, credit or 0, out_of_band or 0)


def _before_payment(total: int, amount_remaining: int, credit: int | None, out_of_band: int | None) -> Settled:
    if credit or out_of_band:
        raise NotCreditable(
            "On an invoice that is not paid a credit note lowers the amount due; nothing is given back."
        )
    if total > amount_remaining:
        raise NotCreditable(f"The credit note may not exceed the amount that remains due: {amount_remaining}.")
    return Settled(total, 0, 0)
