"""Writes claimed debits into a file for the bank, which is stored sealed, as it holds full account numbers."""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal import ids
from portal.bank_files import pain008
from portal.billing.collection.terms import Terms
from portal.models import DirectDebitFile
from portal.rules.debit_ids import batch_id, new_message_id
from portal.seal import Seal


@dataclass(frozen=True)
class Planned:
    """A debit on its way into a file."""

    row: Any
    amount: int
    collect_on: date
    sequence_type: str


def write_file(terms: Terms, planned: Sequence[Planned], seal: Seal, now: int) -> DirectDebitFile:
    """The row of a file with these debits, at least one."""
    message_id = new_message_id()
    grouped: dict[tuple[date, str], list[Planned]] = defaultdict(list)
    for each in planned:
        grouped[each.collect_on, each.sequence_type].append(each)
    batches = [
        pain008.Batch(batch_id(message_id, *key), *key, [_describe(terms, each, seal) for each in grouped[key]])
        for key in sorted(grouped)
    ]
    created = datetime.fromtimestamp(now, ZoneInfo(terms.zone))
    packer = zlib.compressobj(6)
    packed = [
        packer.compress(part.encode())
        for part in pain008.write(terms.format, message_id, created, terms.creditor, batches)
    ]
    return DirectDebitFile(
        id=ids.new("direct_debit_file"),
        created=now,
        message_id=message_id,
        format=terms.format,
        currency="eur",
        amount=sum(each.amount for each in planned),
        count=len(planned),
        sealed=seal.encrypt(b"".join([*packed, packer.flush()])),
    )


def read_content(file: DirectDebitFile, seal: Seal) -> bytes:
    """The file as the bank takes it."""
    return zlib.decompress(seal.decrypt(file.sealed))


def file_name(file: DirectDebitFile) -> str:
    """What it is called where it is stored: its message id, by which the bank knows it again."""
    return f"{file.message_id}.xml"


def _describe(terms: Terms, each: Planned, seal: Seal) -> pain008.Debit:
    row = each.row
    accepted_at = (row.acceptance or {}).get("accepted_at") or row.mandate_created
    return pain008.Debit(
        row.end_to_end_id,
        each.amount,
        row.reference,
        terms.day_of(accepted_at),
        (row.billing_details or {}).get("name") or row.name or "",
        seal.decrypt(row.sealed).decode(),
        row.number or row.invoice_id,
        (row.billing_details or {}).get("address") or row.address or {},
    )
