"""Reads field 86 of an MT940 entry, which every bank writes in another way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from portal.bank_files.values import compact_account

#: `166?00GUTSCHRIFT?20…`: a code of three digits, and subfields after a sign that the bank chooses.
_SUBFIELDS = re.compile(r"(?P<code>\d{3})(?P<sign>[?~<^@&])(?=\d\d)")
#: `EREF+…SVWZ+…` within the purpose of German banks.
_PARTS = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|RREF|IBAN|BIC)[+]")
#: `/EREF/…/REMI/…` of Dutch banks and others that follow them.
_WORDS = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|PREF|MARF|CSID|ISDT|ORDP|BENM|CNTP|RTRN|TRCD|ULTD|ULTC|PURP|ADDR|ID|OCMT|CHGS|KREF"
    r"|CDTRREF|SVCL|BATCHMSGID|INIT|SUM)/"
)
#: Codes of German banks for direct debits and transfers that came back.
_RETURNS = frozenset({"108", "109", "159", "181", "184"})
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True)
class Details:
    """What field 86 says of an entry."""

    purpose: str = ""
    name: str | None = None
    iban: str | None = None
    end_to_end_id: str | None = None
    reference: str | None = None
    returned: str | None = None


def read_details(lines: list[str], supplement: list[str]) -> Details:
    """What the lines of field 86 say; `supplement` are the further lines of field 61."""
    joined = "".join(lines)
    coded = _SUBFIELDS.match(joined)
    if coded:
        return _read_subfields(joined[coded.end() - 1 :], coded["sign"], coded["code"])
    words = _WORDS.findall(joined)
    account = next((each.strip() for each in supplement if _IBAN.fullmatch(each.strip())), None)
    if joined.startswith("/") and words:
        return _read_words(_split(_WORDS, joined), account)
    return Details("\n".join(each.strip() for each in lines), iban=account)


def _read_subfields(text: str, sign: str, code: str) -> Details:
    found: dict[str, str] = {}
    for each in text.split(sign):
        if re.match(r"\d\d", each):
            found[each[:2]] = found.get(each[:2], "") + each[2:]
    purpose = "".join(found.get(f"{number}", "") for number in (*range(20, 30), *range(60, 64)))
    parts = _split(_PARTS, purpose)
    account = parts.get("IBAN") or found.get("31") or found.get("38")
    return Details(
        purpose=_said(parts, purpose),
        name=(found.get("32", "") + found.get("33", "")).strip() or parts.get("ABWA"),
        iban=compact_account(account) if account else None,
        end_to_end_id=parts.get("EREF"),
        returned=code if code in _RETURNS else None,
    )


def _said(parts: Mapping[str, str], purpose: str) -> str:
    """The purpose without the parts that have a place of their own; the customer's reference may name an invoice."""
    if not parts:
        return purpose.strip()
    return "\n".join(filter(None, [parts.get("", ""), parts.get("SVWZ"), parts.get("KREF")]))


def _read_words(words: Mapping[str, str], account: str | None) -> Details:
    iban, _, others = words.get("CNTP", "").partition("/")
    name = words.get("NAME") or (others.split("/")[1] if others.count("/") else None)
    said, reference = words.get("REMI", ""), words.get("CDTRREF")
    if said.startswith("USTD/"):
        said = said.removeprefix("USTD/").strip("/")
    elif said.startswith("STRD/"):
        reference = said.rpartition("/")[2]
    return Details(
        purpose=said,
        name=name,
        iban=compact_account(words.get("IBAN") or iban or account or "") or None,
        end_to_end_id=words.get("EREF"),
        reference=reference,
        returned=words.get("RTRN", "").strip("/").partition("/")[0] or None,
    )


def _split(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """The texts after each word that the pattern finds, the first of each; what is before them all has no word."""
    before, *rest = pattern.split(text)
    found = {"": before.strip()} if before.strip() and rest else {}
    for word, said in zip(rest[::2], rest[1::2], strict=True):
        found.setdefault(word, said.strip().strip("/").strip())
    return found
