"""Whether tax is rounded on each line of a document, or once for each rate on the whole document.

Rounded once, the tax of a rate is divided over its lines, so that lines and totals add up to the minor unit either way.
Sources: EN 16931-1 (BT-117 is the taxable amount of a rate times the rate); Japan's Consumption Tax Act, for qualified
invoices (one rounding for each rate of an invoice); the reference rounds each line.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

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
    """Round what several rates share in a price once; where there are several, the first ones take the difference."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, (_, rates) in enumerate(parts):
        if inside := tuple(rate.id for rate in rates if rate.inclusive):
            groups.setdefault(inside, []).append(index)
    for members in groups.values():
        inside_rates = [rate for rate in parts[members[0]][1] if rate.inclusive]
        percent = sum((rate.percentage for rate in inside_rates), Decimal(0))
        amounts = [parts[index][0] for index in members]
        exact = [amount * percent / (100 + percent) for amount in amounts]
        wholes = _round_together(inclusive_tax(sum(amounts), inside_rates), exact)
        for index, whole in zip(members, wholes, strict=True):
            _set_inclusive(taxes[index], parts[index][0], whole)


def _set_inclusive(entries: list[dict[str, Any]], amount: int, whole: int) -> None:
    inside = [entry for entry in entries if entry["inclusive"]]
    inside[0]["amount"] += whole - sum(entry["amount"] for entry in inside)
    for entry in entries:
        entry["taxable_amount"] = amount - whole


def _round_exclusive(parts: Sequence[Taxed], taxes: Sequence[list[dict[str, Any]]]) -> None:
    by_rate: dict[str, list[tuple[Rate, dict[str, Any]]]] = {}
    for (_, rates), entries in zip(parts, taxes, strict=True):
        for rate, entry in zip(rates, entries, strict=True):
            if not rate.inclusive:
                by_rate.setdefault(rate.id, []).append((rate, entry))
    for members in by_rate.values():
        rate = members[0][0]
        nets = [entry["taxable_amount"] for _, entry in members]
        rounded = _round_together(exclusive_tax(sum(nets), rate), [net * rate.percentage / 100 for net in nets])
        for (_, entry), amount in zip(members, rounded, strict=True):
            entry["amount"] = amount


def _round_together(total: int, exact: Iterable[Decimal]) -> list[int]:
    """Whole numbers that add up to `total`, each next to its exact value; the largest fractions go up."""
    values = list(exact)
    floors = [int(value.to_integral_value(ROUND_FLOOR)) for value in values]
    by_fraction = sorted(range(len(values)), key=lambda index: floors[index] - values[index])
    for index in by_fraction[: total - sum(floors)]:
        floors[index] += 1
    return floors
