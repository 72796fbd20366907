"""Reads pain.002, the bank's answer to a file of direct debits, of any version: what it refuses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from portal.bank_files.camt_elements import Element, ElementReader
from portal.bank_files.values import UnreadableFile, given

_WANTED = frozenset({"OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"})
_NAMESPACE = re.compile(r"pain\.002\.")
#: Statuses in which nothing comes of a file, a batch or a debit.
_REFUSED = frozenset({"RJCT", "CANC"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bank says of a file, a batch of it or a single debit; the narrowest id that is there says of which."""

    line: int
    refused: bool
    reason: str | None
    message_id: str | None
    batch_id: str | None = None
    end_to_end_id: str | None = None


def is_answer(start: bytes) -> bool:
    """Whether a file that begins so is a pain.002."""
    return bool(_NAMESPACE.search(start.decode("utf-8", "replace")))


def read_answers(file: BinaryIO) -> Iterator[Answer]:
    """The answers of a file, in its order. Raises `UnreadableFile` where it is none, or ends too early."""
    reader = ElementReader(_WANTED)
    message_id: str | None = None
    for moment, element, around in reader.read(file):
        if reader.root != "Document" or not _NAMESPACE.search(reader.namespace):
            raise UnreadableFile(1, f"<{reader.root or 'document'}>", "no pain.002 message")
        if element.name == "TxInfAndSts" and moment == "end":
            batch = next((each.value("OrgnlPmtInfId") for each in around if each.name == "OrgnlPmtInfAndSts"), None)
            yield _read(element, "TxSts", message_id, batch, given(element.value("OrgnlEndToEndId")))
        elif element.name == "OrgnlGrpInfAndSts" and moment == "end":
            message_id = given(element.value("OrgnlMsgId"))
            yield _read(element, "GrpSts", message_id)
        elif element.name == "OrgnlPmtInfAndSts" and moment == "end":
            yield _read(element, "PmtInfSts", message_id, given(element.value("OrgnlPmtInfId")))
    if message_id is None:
        raise UnreadableFile(1, "<OrgnlGrpInfAndSts>", "names no file that it answers")


def _read(
    element: Element, tag: str, message_id: str | None, batch_id: str | None = None, end_to_end_id: str | None = None
) -> Answer:
    status = (element.value(tag) or "").upper()
    reason = given(element.value("StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry"))
    return Answer(element.line, status in _REFUSED, reason, message_id, batch_id, end_to_end_id)
