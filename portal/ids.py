"""Public ids: the wire's documented prefix and a part that sorts by creation.

The last part is 48 bits of milliseconds followed by 80 random bits. Ids can't be guessed,
and new rows are added at the end of an index.
"""

import os
import time
from threading import Lock

PREFIXES = {
    "account": "acct",
    "api_key": "key",
    "audit_entry": "aud",
    "bank_allocation": "bkal",
    "bank_statement": "bkst",
    "bank_transaction": "bktx",
    "billing.failed_step": "fst",
    "billing.feedback_option": "fo",
    "billing_portal.cancellation": "bpcan",
    "billing_portal.cancellation_notice": "bpcn",
    "billing_portal.configuration": "bpc",
    "billing_portal.retention_offer": "rtno",
    "billing_portal.session": "bps",
    "billing_portal.withdrawal": "bpwd",
    "checkout.session": "cs",
    "contact": "ccon",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "credit_transfer_file": "ctf",
    "customer": "cus",
    "customer_balance_transaction": "cbtxn",
    "discount": "di",
    "direct_debit": "ddt",
    "direct_debit_file": "ddf",
    "dispute": "dp",
    "email_change": "emc",
    "event": "evt",
    "file": "file",
    "file_link": "link",
    "invoice": "in",
    "invoiceitem": "ii",
    "invoice_payment": "inpay",
    "invoice_rendering_template": "inrtem",
    "invoice_rendering_template_version": "inrtemv",
    "item": "li",
    "line_item": "il",
    "login_code": "lgc",
    "mail": "mail",
    "mandate": "mandate",
    "payment_intent": "pi",
    "payment_link": "plink",
    "payment_method": "pm",
    "payment_method_configuration": "pmc",
    "payment_record": "pr",
    "price": "price",
    "product": "prod",
    "quote": "qt",
    "setup_intent": "seti",
    "promotion_code": "promo",
    "refund": "re",
    "shipping_rate": "shr",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "subscription_schedule.pause": "sub_pause",
    "tax_id": "txi",
    "tax_rate": "txr",
    "test_helpers.test_clock": "clock",
    "webhook_delivery": "whd",
    "webhook_endpoint": "we",
}

#: How secrets begin: scanners recognise them by that wherever they stand, and `logs` hides them. Restricted keys are
#: the reference's: none is made here, but programs may send theirs.
SECRET_PREFIXES = {
    "test_key": "sk_test_",
    "live_key": "sk_live_",
    "restricted_test_key": "rk_test_",
    "restricted_live_key": "rk_live_",
    "signing_secret": "whsec_",
    "link": "pls_",
}

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Two digits at once, in half of the steps.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new(object_type: str) -> str:
    """A fresh id such as `cus_1TnP…`; later ids of one process sort after earlier ones."""
    milliseconds, tail = _next_parts()
    return f"{PREFIXES[object_type]}_{_encode_base62(milliseconds, 8)}{_encode_base62(tail, 14)}"


class _LastId:
    """The parts of the last id. Within one millisecond the next id adds a random step to its tail."""

    lock = Lock()
    milliseconds = 0
    tail = 0


def _next_parts() -> tuple[int, int]:
    milliseconds = time.time_ns() // 1_000_000
    with _LastId.lock:
        if milliseconds > _LastId.milliseconds:
            _LastId.milliseconds, _LastId.tail = milliseconds, int.from_bytes(os.urandom(10))
        else:
            _LastId.tail += 1 + int.from_bytes(os.urandom(5))
        return _LastId.milliseconds, _LastId.tail


def _encode_base62(number: int, width: int) -> str:
    pairs = []
    for _ in range(width // 2):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs))
