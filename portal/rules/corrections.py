"""Decides which invoices can be corrected, until when by customers, and what a corrected one says of its buyer.

A correction changes what an invoice says of its buyer, and nothing else: what was sold, its tax and its sums stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from portal.rules import e_invoice_fields

CorrectableField = Literal["address", "name", "purchase_order", "tax_id"]
TaxPeriod = Literal["month", "quarter"]
#: What customers can correct, in the order in which forms ask for it.
FIELDS: tuple[CorrectableField, ...] = ("name", "address", "tax_id", "purchase_order")
MONTHS: Mapping[TaxPeriod, int] = {"month": 1, "quarter": 3}

#: Why an invoice can't be corrected, in the words of the API.
OBSTACLES = {
    "draft": "A draft is changed instead.",
    "corrected": "It was corrected already; correct the invoice that replaces it.",
    "void": "It is void.",
    "uncollectible": "It is written off.",
    "credited": "It is credited, in whole or in part.",
    "paid_in_part": "It is paid in part; correct it once it is paid.",
    "payment_under_way": "A payment of it is under way; correct it once that has arrived or failed.",
    "nothing_billed": "It bills nothing.",
    "unchanged": "It says the same already.",
    "other_country": "Another country can mean another tax; credit it, and bill anew.",
    "tax_id_needed": "It says that the buyer owes the tax, which needs a tax ID of the buyer.",
    "other_amounts": "It would come to another amount now; credit it, and bill anew.",
}


@dataclass(frozen=True)
class CorrectionLimits:
    """Until when customers can correct an invoice themselves: days after its issue, and within the tax period.

    `countries` are those whose customers can; empty for all.
    """

    days: int
    tax_period: TaxPeriod
    countries: Sequence[str] = ()

    def allow(self, issued_on: date, today: date, country: str | None) -> bool:
        """Whether the buyer of an invoice in `country` can correct it today."""
        in_time = today <= issued_on + timedelta(days=self.days)
        is_same = _period_of(issued_on, self.tax_period) == _period_of(today, self.tax_period)
        return in_time and is_same and (not self.countries or country in self.countries)


def _period_of(day: date, period: TaxPeriod) -> tuple[int, int]:
    return day.year, (day.month - 1) // MONTHS[period]


def printed_name(buyer: Mapping[str, Any]) -> str:
    """The name that the documents of a frozen buyer print first."""
    name: str = buyer.get(_name_key(buyer)) or ""
    return name


def rename(buyer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The buyer with another name in the place of the one that is printed first."""
    return {**buyer, _name_key(buyer): name}


def _name_key(buyer: Mapping[str, Any]) -> str:
    return next((key for key in ("business_name", "name", "individual_name") if buyer.get(key)), "name")


def replace_tax_id(buyer: Mapping[str, Any], tax_id: Mapping[str, str] | None) -> dict[str, Any]:
    """The buyer with a tax ID in the place of those of its type; None takes all off."""
    others = [each for each in buyer.get("tax_ids") or [] if tax_id and each["type"] != tax_id["type"]]
    return {**buyer, "tax_ids": [tax_id, *others] if tax_id else []}


def replace_purchase_order(
    fields: Iterable[Mapping[str, str]] | None, buyer: Mapping[str, Any], number: str | None
) -> tuple[list[dict[str, str]] | None, dict[str, Any]]:
    """The custom fields and the buyer of an invoice with another purchase order; None takes it off.

    Where the order is one of the custom fields it stays there, as that is where the merchant prints it.
    """
    kept = e_invoice_fields.replace_in_fields(fields, "purchase_order", number)
    others = {key: value for key, value in (buyer.get("e_invoices") or {}).items() if key != "purchase_order"}
    if kept is not None:
        return kept or None, {**buyer, "e_invoices": others}
    own = {"purchase_order": number} if number else {}
    unchanged = [dict(each) for each in fields] if fields else None
    return unchanged, {**buyer, "e_invoices": {**others, **own}}
