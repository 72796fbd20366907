"""Writes pain.001, the file by which a bank is asked to make credit transfers, as a stream of parts.

Both versions that banks take: 001.09 of the present rulebook, and 001.03, which many still ask for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portal.bank_files.pain_parts import NOT_PROVIDED, write_amount, write_words
from portal.rules.payers import Payer

Format = Literal["pain.001.001.03", "pain.001.001.09"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One credit transfer; `amount` in cents."""

    end_to_end_id: str
    amount: int
    name: str
    iban: str
    text: str


def write(
    format: Format, message_id: str, created: datetime, payer: Payer, transfers: Sequence[Transfer]
) -> Iterator[str]:
    """The file in parts, one for each transfer, all to be made at once. `created` is the time on the payer's clock."""
    total = write_amount(sum(each.amount for each in transfers))
    sums = f"<NbOfTxs>{len(transfers)}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{format}">\n<CstmrCdtTrfInitn>\n'
    yield f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{created:%Y-%m-%dT%H:%M:%S}</CreDtTm>{sums}"
    yield f"<InitgPty><Nm>{write_words(payer.name, 70)}</Nm></InitgPty></GrpHdr>\n"
    yield _head(format, message_id, created, payer, sums)
    for each in transfers:
        yield _transfer(each)
    yield "</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n"


def _head(format: Format, message_id: str, created: datetime, payer: Payer, sums: str) -> str:
    is_older = format == "pain.001.001.03"
    tag = "BIC" if is_older else "BICFI"
    bank = f"<{tag}>{payer.bic}</{tag}>" if payer.bic else NOT_PROVIDED
    day = f"{created:%Y-%m-%d}"
    return (
        f"<PmtInf><PmtInfId>{message_id}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>{sums}"
        f"<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"
        f"<ReqdExctnDt>{day if is_older else f'<Dt>{day}</Dt>'}</ReqdExctnDt>"
        f"<Dbtr><Nm>{write_words(payer.name, 70)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{payer.iban}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId>{bank}</FinInstnId></DbtrAgt><ChrgBr>SLEV</ChrgBr>\n"
    )


def _transfer(each: Transfer) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{each.end_to_end_id}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{write_amount(each.amount)}</InstdAmt></Amt>'
        f"<Cdtr><Nm>{write_words(each.name, 70)}</Nm></Cdtr><CdtrAcct><Id><IBAN>{each.iban}</IBAN></Id></CdtrAcct>"
        f"<RmtInf><Ustrd>{write_words(each.text, 140)}</Ustrd></RmtInf></CdtTrfTxInf>\n"
    )
