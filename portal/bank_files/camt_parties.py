"""Who paid, what for and why it came back: the parts of an entry of a camt message."""

from collections.abc import Iterator

from portal.bank_files.camt_elements import Element
from portal.bank_files.values import compact_account, given
from portal.rules.debit_ids import find_batch


def read_payer(details: Element, own_account: str) -> tuple[str | None, str | None]:
    """Name and IBAN of the other side: the debtor, unless that is the account itself."""
    for role in ("Dbtr", "Cdtr"):
        account = details.value(f"RltdPties/{role}Acct/Id/IBAN", f"RltdPties/{role}Acct/Id/Othr/Id")
        name = details.value(f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm")
        if (name or account) and compact_account(account or "") != own_account:
            return given(name), compact_account(account) if account else None
    ultimate = details.value("RltdPties/UltmtDbtr/Nm", "RltdPties/UltmtDbtr/Pty/Nm")
    return given(ultimate), None


def read_purpose(details: list[Element], entry: Element) -> str:
    """Everything that may say what was paid, line by line."""
    lines = [line for each in details for line in _purpose_lines(each)]
    if not lines:
        lines = [entry.value("AddtlNtryInf") or ""]
    return "\n".join(lines)[:2000]


def _purpose_lines(details: Element) -> Iterator[str]:
    for remittance in details.find_all("RmtInf"):
        for line in remittance.find_all("Ustrd"):
            yield line.text.strip()
        for structured in remittance.find_all("Strd"):
            numbers = [each.value("Nb") for each in structured.find_all("RfrdDocInf")]
            more = [each.text.strip() for each in structured.find_all("AddtlRmtInf")]
            yield from filter(None, [*numbers, structured.value("CdtrRefInf/Ref"), *more])
    if more_words := details.value("AddtlTxInf"):
        yield more_words


def read_reference(details: Element) -> str | None:
    """The creditor reference of structured remittance information."""
    for remittance in details.find_all("RmtInf"):
        for structured in remittance.find_all("Strd"):
            if found := given(structured.value("CdtrRefInf/Ref")):
                return found
    return None


def read_return(details: Element, entry: Element) -> str | None:
    """The reason for which a transfer came back; None for one that did not."""
    for element in (details, entry):
        information = element.find("RtrInf")
        if information is not None:
            return given(information.value("Rsn/Cd", "Rsn/Prtry", "AddtlInf")) or "return"
    return None


def read_batch(details: Element, entry: Element) -> str | None:
    """The batch or file of our direct debits that an entry is the sum of; None for anything else."""
    if given(details.value("Refs/EndToEndId")):
        return None
    named = [details.value("Refs/PmtInfId"), entry.value("NtryDtls/Btch/PmtInfId")]
    named += [details.value("Refs/MsgId"), entry.value("NtryDtls/Btch/MsgId")]
    return next((each for each in named if find_batch(each)), None)
