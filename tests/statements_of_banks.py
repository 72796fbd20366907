"""Writes bank statements in the dialects of banks, for tests: an account with transfers on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

OWN_IBAN = "DE02120300000000202051"


@dataclass(frozen=True)
class Transfer:
    """A transfer; `amount` in cents. `reversal` takes one back."""

    amount: int
    purpose: str = ""
    payer: str = "Jenny Rosen"
    iban: str | None = "DE89370400440532013000"
    day: str = "2026-11-20"
    end_to_end_id: str | None = None
    reference: str | None = None
    #: `QRR` for a QR reference of Switzerland
    reference_type: str | None = None
    bank_reference: str | None = None
    reversal: bool = False
    debit: bool = False
    status: str = "BOOK"
    currency: str = "EUR"


def camt(
    *transfers: Transfer, version: str = "camt.053.001.08", iban: str = OWN_IBAN, number: str = "S-1", **dialect: Any
) -> bytes:
    """A camt message of any version; `currency` is that of the account."""
    message, statement = {
        "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
        "camt.053": ("BkToCstmrStmt", "Stmt"),
        "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[version[:8]]
    newer = int(version[-2:]) >= 8
    entries = "\n".join(_camt_entry(each, newer) for each in transfers)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}">
<{message}><GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-20T20:00:00</CreDtTm></GrpHdr>
<{statement}><Id>{number}</Id><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{dialect.get("currency", "EUR")}</Ccy></Acct>
{entries}
</{statement}></{message}></Document>
""".encode()


def _camt_entry(each: Transfer, newer: bool) -> str:
    direction = "DBIT" if each.reversal or each.debit else "CRDT"
    status = f"<Sts><Cd>{each.status}</Cd></Sts>" if newer else f"<Sts>{each.status}</Sts>"
    amount = f'<Amt Ccy="{each.currency}">{each.amount / 100:.2f}</Amt>'
    return f"""<Ntry>{amount}
<CdtDbtInd>{direction}</CdtDbtInd>{"<RvslInd>true</RvslInd>" if each.reversal else ""}
{status}<BookgDt><Dt>{each.day}</Dt></BookgDt><ValDt><Dt>{each.day}</Dt></ValDt>
<NtryDtls><TxDtls>{camt_details(each, newer)}</TxDtls></NtryDtls></Ntry>"""


def camt_details(each: Transfer, newer: bool = True, amount: bool = False) -> str:
    """What is within `TxDtls`."""
    name = f"<Nm>{escape(each.payer)}</Nm>"
    debtor = f"<Dbtr>{f'<Pty>{name}</Pty>' if newer else name}</Dbtr>"
    account = f"<DbtrAcct><Id><IBAN>{each.iban}</IBAN></Id></DbtrAcct>" if each.iban else ""
    bank = f"<AcctSvcrRef>{each.bank_reference}</AcctSvcrRef>" if each.bank_reference else ""
    told_type = f"<Tp><CdOrPrtry><Prtry>{each.reference_type}</Prtry></CdOrPrtry></Tp>" if each.reference_type else ""
    reference = (
        f"<Strd><CdtrRefInf>{told_type}<Ref>{each.reference}</Ref></CdtrRefInf></Strd>" if each.reference else ""
    )
    lines = "".join(f"<Ustrd>{escape(line)}</Ustrd>" for line in each.purpose.split("\n") if line)
    told = f'<Amt Ccy="EUR">{each.amount / 100:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd>' if amount else ""
    return f"""<Refs>{bank}<EndToEndId>{each.end_to_end_id or "NOTPROVIDED"}</EndToEndId></Refs>{told}
<RltdPties>{debtor}{account}</RltdPties><RmtInf>{lines}{reference}</RmtInf>"""


def mt940(*transfers: Transfer, account: str = "12030000/0000202051", details: Any = None) -> bytes:
    """An MT940 message; `details` writes field 86, by default as German banks do."""
    write = details or german_details
    balance, lines = 100_000, []
    for each in transfers:
        mark = "RC" if each.reversal else "D" if each.debit else "C"
        balance += each.amount if mark == "C" else -each.amount
        day = each.day[2:].replace("-", "")
        amount = f"{each.amount // 100},{each.amount % 100:02}"
        lines += [f":61:{day}{day[2:]}{mark}R{amount}N051NONREF", f":86:{write(each)}"]
    body = "\r\n".join(lines)
    return (
        f":20:STARTUMSE\r\n:25:{account}\r\n:28C:00000/001\r\n:60F:C261119EUR1000,00\r\n{body}\r\n"
        f":62F:C261120EUR{balance // 100},{balance % 100:02}\r\n-\r\n"
    ).encode()


def german_details(each: Transfer) -> str:
    """Subfields of 27 characters, as Sparkassen and Deutsche Bank write them."""
    words = f"EREF+{each.end_to_end_id or 'NOTPROVIDED'}"
    said = f"SVWZ+{each.purpose}".replace("\n", "")
    parts = [words[start : start + 27] for start in range(0, len(words), 27)]
    parts += [said[start : start + 27] for start in range(0, len(said), 27)]
    fields = "".join(f"?{20 + number}{part}" for number, part in enumerate(parts[:10]))
    fields += "".join(f"?{60 + number}{part}" for number, part in enumerate(parts[10:14]))
    text = f"166?00GUTSCHRIFT?109310{fields}?30COBADEFFXXX?31{each.iban or ''}?32{each.payer}"
    return "\r\n".join(text[start : start + 65] for start in range(0, len(text), 65))
