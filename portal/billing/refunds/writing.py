"""Writes refunds into a file for the bank, which is stored sealed, as it holds full account numbers."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from portal import ids
from portal.bank_files import pain001
from portal.models import CreditTransferFile, Refund
from portal.rules.payers import Payer
from portal.rules.transfer_ids import new_message_id
from portal.seal import Seal


def write_file(
    format: pain001.Format,
    payer: Payer,
    found: Sequence[Refund],
    words: Mapping[str, str],
    seal: Seal,
    now: int,
    zone: str,
) -> CreditTransferFile:
    """The row of a file with these refunds, at least one; `words` say by its id what each is for."""
    transfers = [
        pain001.Transfer(
            each.end_to_end_id or "",
            each.amount,
            each.payee_name or "",
            seal.decrypt(each.sealed or b"").decode(),
            words[each.id],
        )
        for each in found
    ]
    message_id, created = new_message_id(), datetime.fromtimestamp(now, ZoneInfo(zone))
    content = "".join(pain001.write(format, message_id, created, payer, transfers))
    return CreditTransferFile(
        id=ids.new("credit_transfer_file"),
        created=now,
        message_id=message_id,
        format=format,
        currency="eur",
        amount=sum(each.amount for each in found),
        count=len(found),
        sealed=seal.encrypt(zlib.compress(content.encode())),
    )


def read_content(file: CreditTransferFile, seal: Seal) -> bytes:
    """The file as the bank takes it."""
    return zlib.decompress(seal.decrypt(file.sealed))


def file_name(file: CreditTransferFile) -> str:
    """What it is called where it is stored: its message id, by which the bank knows it again."""
    return f"{file.message_id}.xml"
