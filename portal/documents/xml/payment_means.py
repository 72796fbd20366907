"""How an e-invoice says that it is to be paid (BG-16), as countries allow it."""

from portal.documents.xml.trade import Trade


def payment_means_code(trade: Trade) -> str:
    """The payment means code of UNCL4461: SEPA direct debit or transfer, another transfer, or not defined."""
    if trade.debit:
        return "59"
    if not trade.bank:
        return "1"
    if trade.currency == "EUR":
        return "58"
    if not is_within(trade, "DK"):
        return "30"
    # DK-R-005 has no 30, and DK-R-006 wants the bank with a 31
    return "31" if trade.bank.bic else "1"


def is_within(trade: Trade, country: str) -> bool:
    """Whether seller and buyer are both in a country."""
    return trade.seller.address.country == trade.buyer.address.country == country


def lacks_dutch_means(trade: Trade) -> bool:
    """Whether a bill between two Dutch says nothing of its payment that NL-R-008 allows."""
    return is_within(trade, "NL") and trade.bank is None and trade.debit is None


def awaits_payment(trade: Trade) -> bool:
    """Whether the buyer has something to pay, so that NL-R-007 asks how."""
    return not trade.credit and trade.remaining > 0
