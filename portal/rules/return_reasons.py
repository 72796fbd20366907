"""What follows from the reason for which a bank refused or returned a direct debit.

Sources: the SEPA Direct Debit Core rulebook (EPC016-06, the reasons of rejects, returns and refunds), the EPC's
guidance on reason codes for R-transactions (EPC173-14), and the external code sets of ISO 20022. They leave to the
creditor what it does; the guidance says of each code whether to present again, to ask the debtor, or to have the
mandate amended.
"""

from typing import Literal

#: `retry`: the same debit may pass later. `stop`: the customer or the merchant has to act first; the mandate stands.
#: `end`: nothing can be collected by this mandate any more.
Outcome = Literal["end", "retry", "stop"]

_OUTCOMES: dict[str, Outcome] = {
    "AC01": "end",  # the account's number is wrong
    "AC04": "end",  # the account is closed
    "AC06": "end",  # the account is blocked
    "AC13": "stop",  # the debtor's account is a consumer's, in the scheme for businesses
    "AG01": "end",  # direct debits are forbidden on this account
    "AG02": "stop",  # a wrong code of operation or sequence
    "AM04": "retry",  # not enough money
    "AM05": "stop",  # collected twice
    "BE05": "stop",  # the creditor's identifier is wrong
    "CNOR": "stop",  # the creditor's bank is not registered
    "DNOR": "end",  # the debtor's bank is not registered
    "ED05": "retry",  # the settlement failed
    "FF01": "stop",  # the file's format
    "FF05": "stop",  # a wrong local instrument
    "MD01": "end",  # no mandate, or one that was revoked
    "MD02": "stop",  # data of the mandate are missing or wrong
    "MD06": "stop",  # refund within eight weeks, no questions asked
    "MD07": "end",  # the debtor has died
    "MS02": "stop",  # refused by the debtor
    "MS03": "retry",  # no reason given: German banks say so instead of AM04, to protect the debtor
    "RC01": "end",  # the bank's identifier is wrong
    "RR01": "stop",  # reasons of regulation: the debtor's account or identification is missing,
    "RR02": "stop",  # the debtor's name or address,
    "RR03": "stop",  # the creditor's name or address,
    "RR04": "stop",  # or others
    "SL01": "stop",  # a service of the debtor's bank, such as a list of creditors that may collect
    "TM01": "retry",  # after the time until which banks take files
}


#: What the reference calls a debit that came back, by the bank's reason for it.
_DISPUTE_REASONS = {
    **dict.fromkeys(("AC01", "AC04", "AC06", "AC13", "DNOR", "RC01"), "incorrect_account_details"),
    "AM04": "insufficient_funds",
    "AM05": "duplicate",
    "MD01": "debit_not_authorized",
    **dict.fromkeys(("MD06", "MS02"), "customer_initiated"),
    **dict.fromkeys(("AG01", "ED05", "MD07", "SL01", "TM01"), "bank_cannot_process"),
}


def dispute_reason_of(reason: str | None) -> str:
    """The wire's reason of a dispute for a debit that came back (https://docs.stripe.com/api/disputes/object)."""
    return _DISPUTE_REASONS.get((reason or "").upper(), "general")


def outcome_of(reason: str | None) -> Outcome:
    """What follows from a reason; one that the scheme does not have makes nothing happen by itself."""
    return _OUTCOMES.get((reason or "").upper(), "stop")
