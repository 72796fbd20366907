"""What the rules of single countries ask for beyond the standard, by the names of what is missing.

Peppol's rules for single countries are those of its release of May 2025; France's those that its platforms apply since
September 2026 (BR-FR-CTC 1.4.0).
"""

from collections.abc import Iterable
from decimal import Decimal

from portal.documents.xml.payment_means import awaits_payment, is_within, lacks_dutch_means
from portal.documents.xml.trade import Trade, Trader
from portal.rules.electronic_addresses import PEPPOL_SCHEMES

#: Countries whose sellers have to name their register number on Peppol, and those where it has to be of its form.
_NUMBER_WANTED = frozenset({"DK", "IS"})
_FORM_WANTED = frozenset({"DK", "IS", "NL", "SE"})

#: Rates of VAT that there are or were in France and its departments overseas (BR-FR-16).
_FRENCH_RATES = frozenset(map(Decimal, "0.9 1.05 1.75 2.1 5.5 7 8.5 9.2 9.6 10 13 19.6 20 20.6".split()))


def peppol_gaps(trade: Trade) -> Iterable[str]:
    """What Peppol and the countries of seller and buyer want. A Greek seller can't have a file there at all."""
    yield from (f"{side}.endpoint" for side, trader in _sides(trade) if not _is_on_peppol(trader))
    if (trade.seller.vat_id or trade.seller.address.country or "")[:2] in {"EL", "GR"}:
        # GR-R-001 and 004: numbers in six segments, and a mark of the tax office
        yield "seller.not_greek"
    country = trade.seller.address.country
    if _lacks_number(trade.seller, wanted=country in _NUMBER_WANTED, formed=country in _FORM_WANTED):
        yield "seller.register_number"
    if is_within(trade, "NL") or is_within(trade, "IS"):
        yield from _domestic_buyer_gaps(trade)
    if awaits_payment(trade) and lacks_dutch_means(trade):
        yield "seller.bank_transfer"


def french_gaps(trade: Trade) -> Iterable[str]:
    """Rules BR-FR-10, 12, 13 and 16 and BR-FR-CO-12, of bills between French businesses."""
    buyer = trade.buyer
    if not is_within(trade, "FR") or not (buyer.vat_id or buyer.register_number or buyer.endpoint):
        return
    if trade.seller.register_scheme is None:
        yield "seller.register_number"
    yield from (f"{side}.endpoint" for side, trader in _sides(trade) if not trader.endpoint)
    if trade.currency != "EUR" and (trade.tax_currency is None or trade.tax_currency.currency != "EUR"):
        yield "tax_exchange_rate"
    if any(tax.category.rate and tax.category.rate not in _FRENCH_RATES for tax in trade.taxes):
        yield "lines.french_tax_rates"


def _domestic_buyer_gaps(trade: Trade) -> Iterable[str]:
    """Rules NL-R-004 and NL-R-005, IS-R-004 and IS-R-005."""
    keys = ("line1", "city", "postal_code")
    yield from (f"buyer.address.{key}" for key in keys if not getattr(trade.buyer.address, key))
    if _lacks_number(trade.buyer, wanted=is_within(trade, "IS"), formed=True):
        yield "buyer.register_number"


def _lacks_number(trader: Trader, *, wanted: bool, formed: bool) -> bool:
    return wanted if trader.register_number is None else formed and trader.register_scheme is None


def _is_on_peppol(trader: Trader) -> bool:
    return trader.endpoint is not None and trader.endpoint[0] in PEPPOL_SCHEMES


def _sides(trade: Trade) -> tuple[tuple[str, Trader], ...]:
    return ("seller", trade.seller), ("buyer", trade.buyer)
