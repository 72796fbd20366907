"""Which bank accounts are the merchant's own, and which statements are therefore not for it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank_files.values import StatementHead, UnreadableFile, compact_account
from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.models import Invoice


class OwnAccounts:
    """The accounts of a merchant. Each kind of statement is looked at once."""

    def __init__(self, db: Session) -> None:
        account = accounts.find_account(db, scope_of(db).account_id)
        self._ibans = _list_ibans(account.settings)
        self._currency = account.default_currency
        self._db = db
        self._fine: set[tuple[str, str]] = set()
        if not self._ibans:
            raise InvalidRequest(
                "No bank account is known: set settings[invoices][bank_transfer][iban] or settings[bank][ibans] first.",
                param="file",
            )

    def refuse_others(self, head: StatementHead, currency: str) -> None:
        """Raises `UnreadableFile` for a statement of an unknown account, or in a currency that nothing is billed in."""
        if (head.account, currency) in self._fine:
            return
        if not any(is_same_account(iban, head.account) for iban in self._ibans):
            reason = f"a statement of the account ending in {head.account[-4:]}, which is none of the merchant's"
            raise UnreadableFile(head.line, "account", f"{reason} (settings[bank][ibans])")
        if currency != (head.currency or currency) or not self._is_billed(currency):
            raise UnreadableFile(head.line, "currency", f"nothing is billed in {currency} on this account")
        self._fine.add((head.account, currency))

    def _is_billed(self, currency: str) -> bool:
        billed = select(Invoice.id).where(Invoice.currency == currency, Invoice.status != "draft").limit(1)
        return currency == self._currency or self._db.scalar(billed) is not None


def is_same_account(iban: str, number: str) -> bool:
    """Whether a statement's account number, as an IBAN or in the national form, is that of an IBAN."""
    plain = compact_account(number)
    if plain[:2].isalpha():
        # some banks write the currency behind it
        return plain == iban or (plain.startswith(iban) and len(plain) == len(iban) + 3)
    bank, slash, account = plain.partition("/")
    digits = account if slash else bank
    digits = digits.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ").lstrip("0")
    return len(digits) >= 4 and iban[4:].endswith(digits) and (not slash or iban[4:].startswith(bank))


def find_tolerance(db: Session) -> int:
    """How much less than an invoice's amount still pays it, in minor units."""
    settings = accounts.find_account(db, scope_of(db).account_id).settings
    found: int = settings.get("bank", {}).get("underpayment_tolerance", 0)
    return found


def _list_ibans(settings: dict[str, Any]) -> list[str]:
    shown = (settings.get("invoices", {}).get("bank_transfer") or {}).get("iban")
    collected = (settings.get("direct_debit") or {}).get("iban")
    return list(dict.fromkeys(filter(None, [shown, collected, *settings.get("bank", {}).get("ibans", [])])))
