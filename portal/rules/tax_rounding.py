"""Whether tax is rounded on each line of a document, or once for each rate on the whole document.

Rounded once, the tax of a rate is divided over its lines, so that lines and totals add up to the minor unit either way.
Sources: EN 16931-1 (BT-117 is the taxable amount of a rate times the rate); Japan's Consumption Tax Act, for qualified
invoices (one rounding for each rate of an invoice); the reference rounds each line.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any, Literal

from portal.rules.money import round_half_up, split_amount
from portal.rules.totals import Rate, exclusive_tax, inclusive_tax, line_taxes

TaxRounding = Literal["per_invoice", "per_line"]
#: An amount after discounts in minor units, and the rates that it is taxed at.
Taxed = tuple[int, Sequence[Rate]]

_PER_INVOICE_COUNTRIES = frozenset({"JP"})


def choose_rounding(country: str, invoice_settings: Mapping[str, Any]) -> TaxRounding:
    """Where an account rounds: `invoice_settings` are its `settings[invoices]`.

    Unless it says so itself, once for each rate in Japan and where it has set e-invoices up, else on each line.
    """
    chosen: TaxRounding | None = invoice_settings.get("tax_rounding")
    if chosen:
        return chosen
    e_invoices = invoice_settings.get("e_invoices")
    # an empty list of formats says that there are to be none
    has_e_invoices = e_invoices is not None and e_invoices.get("formats") != []
    return "per_invoice" if country in _PER_INVOICE_COUNTRIES or has_e_invoices else "per_line"


def document_taxes(
    parts: Sequence[Taxed], *, tax_exempt: str = "none", rounding: TaxRounding = "per_line"
) -> list[list[dict[str, Any]]]:
    """The taxes of each part of a document; entries have the form that `line_taxes` returns."""
    taxes = [line_taxes(amount, rates, tax_exempt=tax_exempt) for amount, rates in parts]
    if rounding == "per_invoice" and tax_exempt == "none":
        _round_inclusive(parts, taxes)
        _round_exclusive(parts, taxes)
    return taxes


def _round_inclusive(parts: Sequence[Taxed], taxes: Sequence[list[dict[str, Any]]]) -> None:
    """Round what is within the prices of lines with the same rates once, and divide it by rate and then by line."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, (_, rates) in enumerate(parts):
        if inside := tuple(rate.id for rate in rates if rate.inclusive):
            groups.setdefault(inside, []).append(index)
    for members in groups.values():
        inside_rates = [rate for rate in parts[members[0]][1] if rate.inclusive]
        amounts = [parts[index][0] for index in members]
        percents = [rate.percentage for rate in inside_rates]
        by_rate = split_amount(inclusive_tax(sum(amounts), inside_rates), percents)
        for rate, percent, total in zip(inside_rates, percents, by_rate, strict=True):
            exact = [amount * percent / (100 + sum(percents)) for amount in amounts]
            for index, tax in zip(members, _divide(total, exact), strict=True):
                next(each for each in taxes[index] if each["tax_rate"] == rate.id)["amount"] = tax
        for index, amount in zip(members, amounts, strict=True):
            net = amount - sum(each["amount"] for each in taxes[index] if each["inclusive"])
            for entry in taxes[index]:
                entry["taxable_amount"] = net


def _round_exclusive(parts: Sequence[Taxed], taxes: Sequence[list[dict[str, Any]]]) -> None:
    by_rate: dict[str, list[tuple[Rate, dict[str, Any]]]] = {}
    for (_, rates), entries in zip(parts, taxes, strict=True):
        for rate, entry in zip(rates, entries, strict=True):
            if not rate.inclusive:
                by_rate.setdefault(rate.id, []).append((rate, entry))
    for members in by_rate.values():
        rate = members[0][0]
        nets = [entry["taxable_amount"] for _, entry in members]
        rounded = _divide(exclusive_tax(sum(nets), rate), [net * rate.percentage / 100 for net in nets])
        for (_, entry), amount in zip(members, rounded, strict=True):
            entry["amount"] = amount


def _divide(total: int, exact: Iterable[Decimal]) -> list[int]:
    """Whole numbers that add up to `total`, each next to its exact value, and so is the sum of any run of them."""
    values = list(exact)
    marks = [round_half_up(each) for each in accumulate(values)][:-1]
    return [stop - start for start, stop in pairwise([0, *marks, total])] if values else []
