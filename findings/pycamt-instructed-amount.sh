#!/bin/sh
# pycamt 1.1.1: a credit that came in another currency is reported with the sum that its payer ordered and the currency
# of the account. Entries of many banks have no amount of their own within `TxDtls`, only `AmtDtls` with the ordered
# (`InstdAmt`) and the booked sum (`TxAmt`). The parser takes the first `Amt` below `TxDtls`, whichever it is, in the
# place of the entry's. One would guess that the amount of a transaction is what was booked for it.
#
# Seen: an entry of 92.00 EUR, ordered as 100.00 USD, becomes Amount 100.00, Currency EUR. With an `Amt` of its own before
# `AmtDtls`, as the schema orders them, the same credit is 92.00. Who books by it credits 8 euros that nobody paid.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pycamt==1.1.1
"$folder/venv/bin/python" - <<'PY'
from pycamt.parser import Camt053Parser


def read(own_amount: str) -> tuple[str, str]:
    [found] = Camt053Parser(f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-02T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S</Id><CreDtTm>2026-11-02T06:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>
<Ntry><Amt Ccy="EUR">92.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{own_amount}
<AmtDtls><InstdAmt><Amt Ccy="USD">100.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">92.00</Amt></TxAmt></AmtDtls>
<RmtInf><Ustrd>RE-2026-1</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>""").get_transactions()
    return found["Amount"], found["Currency"]


seen = [read(""), read('<Amt Ccy="EUR">92.00</Amt>')]
assert seen == [("100.00", "EUR"), ("92.00", "EUR")], f"this has changed: {seen}"
print("As described: 92.00 EUR booked, 100.00 EUR reported.")
PY
