"""Links to documents that work without a session: signed, dated and unguessable.

A link lives until 30 days after the due date (or finalization), at most 120 days after
finalization, and at least 10 days from when it was handed out, as the reference's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from portal import clock

#: Path in front of the token by kind of document.
PATHS = {"invoice": "/i/{}", "invoice_pdf": "/i/{}/pdf", "credit_note_pdf": "/c/{}/pdf"}

AFTER_DUE = 30 * clock.DAY
AT_MOST = 120 * clock.DAY
AFTER_HANDING_OUT = 10 * clock.DAY


@dataclass(frozen=True)
class DocumentLink:
    """What a token says: the document, and when the link was handed out (epoch seconds)."""

    tenant_id: int
    id: str
    issued_at: int


class _Signer(TimestampSigner):
    def get_timestamp(self) -> int:
        return clock.now()


class DocumentLinks:
    """Makes and reads the tokens. `keys` are the secret keys, oldest first; the last one signs."""

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        self._base_url = base_url
        self._serializer = URLSafeTimedSerializer(list(keys), salt="document-link", signer=_Signer)

    def document(self, kind: str, tenant_id: int, id: str) -> str:
        """The absolute address of a document; `kind` is a key of `PATHS`."""
        token = self._serializer.dumps([kind, tenant_id, id])
        return self._base_url + PATHS[kind].format(token)

    def read(self, token: str, kind: str) -> DocumentLink | None:
        """What a token stands for, or None when it is not one of ours."""
        try:
            (made_for, tenant_id, id), issued = self._serializer.loads(token, return_timestamp=True)
        except (BadSignature, ValueError, TypeError):
            return None
        return DocumentLink(tenant_id, id, int(issued.timestamp())) if made_for == kind else None


def expires_at(finalized_at: int, due_date: int | None, issued_at: int) -> int:
    """The second from which a link handed out at `issued_at` is dead."""
    by_rule = min((due_date or finalized_at) + AFTER_DUE, finalized_at + AT_MOST)
    return max(by_rule, issued_at + AFTER_HANDING_OUT)
