"""Writes pain.008, the file by which a bank is asked to collect direct debits, as a stream of parts.

Both versions that banks take: 001.08 of the present rulebook, and 001.02, which many still ask for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from xml.sax.saxutils import escape

from portal.bank_files.pain_parts import NOT_PROVIDED, write_amount, write_words
from portal.rules.creditors import Creditor
from portal.rules.sepa_texts import write_text

Format = Literal["pain.008.001.02", "pain.008.001.08"]
#: Countries of SEPA beyond the European Economic Area: payments there and from there name the debtor's address.
_ADDRESS_NEEDED = frozenset({"AD", "AL", "CH", "GB", "GG", "IM", "JE", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})


@dataclass(frozen=True, slots=True)
class Debit:
    """One debit; `amount` in cents. `address` has the wire's keys."""

    end_to_end_id: str
    amount: int
    mandate: str
    signed_on: date
    name: str
    iban: str
    text: str
    address: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """The debits of one day and sequence type, at least one."""

    id: str
    collect_on: date
    sequence_type: str
    debits: Sequence[Debit]


def write(
    format: Format, message_id: str, created: datetime, creditor: Creditor, batches: Iterable[Batch]
) -> Iterator[str]:
    """The file in parts, one for each debit. `created` is the time on the creditor's clock."""
    batches = list(batches)
    debits = [debit.amount for batch in batches for debit in batch.debits]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{format}">\n<CstmrDrctDbtInitn>\n'
    yield f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{created:%Y-%m-%dT%H:%M:%S}</CreDtTm>"
    yield f"<NbOfTxs>{len(debits)}</NbOfTxs><CtrlSum>{write_amount(sum(debits))}</CtrlSum>"
    yield f"<InitgPty><Nm>{write_words(creditor.name, 70)}</Nm></InitgPty></GrpHdr>\n"
    for batch in batches:
        yield _batch_head(format, creditor, batch)
        for debit in batch.debits:
            yield _debit(debit)
        yield "</PmtInf>\n"
    yield "</CstmrDrctDbtInitn>\n</Document>\n"


def _batch_head(format: Format, creditor: Creditor, batch: Batch) -> str:
    tag = "BIC" if format == "pain.008.001.02" else "BICFI"
    bank = f"<{tag}>{creditor.bic}</{tag}>" if creditor.bic else NOT_PROVIDED
    total = write_amount(sum(each.amount for each in batch.debits))
    return (
        f"<PmtInf><PmtInfId>{batch.id}</PmtInfId><PmtMtd>DD</PmtMtd><BtchBookg>true</BtchBookg>"
        f"<NbOfTxs>{len(batch.debits)}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
        "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>CORE</Cd></LclInstrm>"
        f"<SeqTp>{batch.sequence_type}</SeqTp></PmtTpInf><ReqdColltnDt>{batch.collect_on.isoformat()}</ReqdColltnDt>"
        f"<Cdtr><Nm>{write_words(creditor.name, 70)}</Nm></Cdtr>"
        f"<CdtrAcct><Id><IBAN>{creditor.iban}</IBAN></Id></CdtrAcct>"
        f"<CdtrAgt><FinInstnId>{bank}</FinInstnId></CdtrAgt><ChrgBr>SLEV</ChrgBr>"
        f"<CdtrSchmeId><Id><PrvtId><Othr><Id>{creditor.creditor_id}</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr></PrvtId>"
        "</Id></CdtrSchmeId>\n"
    )


def _debit(debit: Debit) -> str:
    return (
        f"<DrctDbtTxInf><PmtId><EndToEndId>{debit.end_to_end_id}</EndToEndId></PmtId>"
        f'<InstdAmt Ccy="EUR">{write_amount(debit.amount)}</InstdAmt>'
        f"<DrctDbtTx><MndtRltdInf><MndtId>{escape(debit.mandate)}</MndtId>"
        f"<DtOfSgntr>{debit.signed_on.isoformat()}</DtOfSgntr></MndtRltdInf></DrctDbtTx>"
        f"<DbtrAgt><FinInstnId>{NOT_PROVIDED}</FinInstnId></DbtrAgt>"
        f"<Dbtr><Nm>{write_words(debit.name, 70)}</Nm>{_address(debit)}</Dbtr>"
        f"<DbtrAcct><Id><IBAN>{debit.iban}</IBAN></Id></DbtrAcct>"
        f"<RmtInf><Ustrd>{write_words(debit.text, 140)}</Ustrd></RmtInf></DrctDbtTxInf>\n"
    )


def _address(debit: Debit) -> str:
    if debit.iban[:2] not in _ADDRESS_NEEDED:
        return ""
    parts = (("StrtNm", "line1", 70), ("PstCd", "postal_code", 16), ("TwnNm", "city", 35), ("Ctry", "country", 2))
    known = [(tag, write_text(debit.address.get(key) or "", longest)) for tag, key, longest in parts]
    told = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in known if text)
    return f"<PstlAdr>{told}</PstlAdr>" if told else ""
