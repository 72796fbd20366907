"""Links to documents that work without a session: signed, dated and unguessable.

A link lives until 30 days after the due date (or finalization), at most 120 days after
finalization, and at least 10 days from when it was handed out, as the reference's do. It is dated
to the day, so an object says the same all day long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from itsdangerous import BadSignature, TimestampSigner

from portal import clock

#: Path around the token by kind of document; an invoice's page and PDF share one token.
PATHS = {
    "invoice": "/i/{}",
    "invoice_pdf": "/i/{}/pdf",
    "credit_note_pdf": "/c/{}/pdf",
    "receipt_pdf": "/r/{}/pdf",
    "statement_csv": "/s/{}/csv",
    "statement_pdf": "/s/{}/pdf",
    "file_link": "/files/{}",
    "unsubscribe": "/unsubscribe/{}",
    **{f"invoice_{format}": f"/i/{{}}/{format}.xml" for format in ("factur_x", "peppol", "xrechnung")},
    **{f"credit_note_{format}": f"/c/{{}}/{format}.xml" for format in ("factur_x", "peppol", "xrechnung")},
}

AFTER_DUE = 30 * clock.DAY
AT_MOST = 120 * clock.DAY
#: Ten days for a link dated to the first second of its day.
AFTER_HANDING_OUT = 11 * clock.DAY
LONGEST_TOKEN = 400


@dataclass(frozen=True)
class DocumentLink:
    """What a token says: the document, and the day the link was handed out (its first second)."""

    tenant_id: int
    id: str
    issued_at: int


class DocumentLinks:
    """Makes and reads the tokens. `keys` are the secret keys, oldest first; the last one signs."""

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        self._base_url = base_url
        self._signer = _DaySigner(list(keys), salt="document-link")
        self._token = lru_cache(maxsize=4096)(self._signed)
        self._said = lru_cache(maxsize=4096)(self._unsigned)

    def document(self, kind: str, tenant_id: int, id: str) -> str:
        """The absolute address of a document; `kind` is a key of `PATHS`."""
        return self._base_url + PATHS[kind].format(self._token(kind[0], tenant_id, id, _today()))

    def file(self, id: str) -> str:
        """The absolute address of a file's content, for those with a key."""
        return f"{self._base_url}/v1/files/{id}/contents"

    def login(self, token: str) -> str:
        """The absolute address of a configuration's login page."""
        return f"{self._base_url}/p/login/{token}"

    def unsubscribe(self, tenant_id: int, customer_id: str, mail: str) -> str:
        """The absolute address where a customer does without a kind of mail; it never runs out."""
        return self.document("unsubscribe", tenant_id, f"{mail}:{customer_id}")

    def read(self, token: str, kind: str) -> DocumentLink | None:
        """What a token stands for, or None when it is not one of ours for this kind."""
        made_for, link = self._said(token) if len(token) <= LONGEST_TOKEN else ("", None)
        return link if made_for == kind[0] else None

    def _unsigned(self, token: str) -> tuple[str, DocumentLink | None]:
        try:
            value, issued = self._signer.unsign(token, return_timestamp=True)
            made_for, tenant_id, id = value.decode().split("-", 2)
        except (BadSignature, ValueError):
            return "", None
        return made_for, DocumentLink(int(tenant_id), id, int(issued.timestamp()))

    def _signed(self, kind: str, tenant_id: int, id: str, today: int) -> str:
        return self._signer.sign(f"{kind}-{tenant_id}-{id}").decode()


class _DaySigner(TimestampSigner):
    def get_timestamp(self) -> int:
        return _today()


def _today() -> int:
    now = clock.now()
    return now - now % clock.DAY


def expires_at(finalized_at: int, due_date: int | None, issued_at: int) -> int:
    """The second from which a link handed out at `issued_at` is dead."""
    by_rule = min((due_date or finalized_at) + AFTER_DUE, finalized_at + AT_MOST)
    return max(by_rule, issued_at + AFTER_HANDING_OUT)
