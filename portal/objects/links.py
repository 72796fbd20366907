"""Signed, dated links to documents, which work without a session.

A link works until 30 days after the due date (or finalization), but no longer than 120 days after finalization, and
in any case for 10 days from the day it was issued, as the reference's links do. It is dated to the day, so an object
has the same links all day long.
"""

import hmac
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache

from itsdangerous import BadSignature, HMACAlgorithm, TimestampSigner

from portal import clock
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.rules.hosts import at_host


@dataclass(frozen=True)
class LinkKind:
    """A kind of link: the path around its token, and the scope that its tokens open.

    Links of one scope share their tokens, as an invoice's page and its files do; no others do.
    """

    path: str
    scope: str


def _list_document_links() -> Iterator[tuple[str, LinkKind]]:
    """The links to each kind of document: `invoice`, `invoice_pdf`, `invoice_factur_x` …"""
    for name, kind in DOCUMENT_KINDS.items():
        if kind.link_scope is None:
            continue
        base = f"/{kind.link_scope}/{{}}"
        if kind.has_linked_page:
            yield name, LinkKind(base, kind.link_scope)
        for file in kind.files:
            yield f"{name}_{file.removesuffix('.xml')}", LinkKind(f"{base}/{file}", kind.link_scope)


#: Scopes are part of every link that was handed out, so they stay as they are.
LINK_KINDS = {
    **dict(_list_document_links()),
    "calendar": LinkKind("/calendar/{}.ics", "e"),
    "file_link": LinkKind("/files/{}", "f"),
    "invitation": LinkKind("/join/{}", "j"),
    "plan_undo": LinkKind("/keep/{}", "k"),
    "unsubscribe": LinkKind("/unsubscribe/{}", "u"),
}

MAX_AFTER_DUE = 30 * clock.DAY
MAX_AFTER_FINALIZATION = 120 * clock.DAY
#: Ten days for a link dated to the first second of its day.
MIN_AFTER_ISSUE = 11 * clock.DAY
MAX_TOKEN_LENGTH = 400


@dataclass(frozen=True)
class DocumentLink:
    """What a token names: the document, and the day the link was issued (its first second)."""

    tenant_id: int
    id: str
    issued_at: int


class DocumentLinks:
    """Makes and reads the links. `keys` are the secret keys, oldest first; the last one signs."""

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        self.base_url = base_url
        self._at = lru_cache(maxsize=4096)(self._move)
        self._signer = _DaySigner(list(keys), salt="document-link")
        self._token = lru_cache(maxsize=4096)(self._sign_token)
        self._said = lru_cache(maxsize=4096)(self._unsign_token)

    def at(self, host: str | None) -> "DocumentLinks":
        """The same links at another host name; these ones where there is none."""
        return self if host is None else self._at(host)

    def document(self, kind: str, tenant_id: int, id: str) -> str:
        """The absolute address of a document; `kind` is a key of `LINK_KINDS`."""
        link = LINK_KINDS[kind]
        return self.base_url + link.path.format(self._token(link.scope, tenant_id, id, _start_of_today()))

    def file(self, id: str) -> str:
        """The absolute address of a file's content; it needs an API key."""
        return f"{self.base_url}/v1/files/{id}/contents"

    def login(self, token: str) -> str:
        """The absolute address of a configuration's login page."""
        return f"{self.base_url}/p/login/{token}"

    def session(self, secret: str) -> str:
        """The absolute address that opens a portal session."""
        return f"{self.base_url}/p/session/{secret}"

    def checkout(self, secret: str) -> str:
        """The absolute address of a checkout."""
        return f"{self.base_url}/checkout/{secret}"

    def email_undo(self, secret: str) -> str:
        """The absolute address where a change of an email address is taken back."""
        return f"{self.base_url}/undo/{secret}"

    def cancel(self, token: str) -> str:
        """The absolute address of a configuration's public page to cancel."""
        return f"{self.base_url}/cancel/{token}"

    def withdraw(self, token: str) -> str:
        """The absolute address of a configuration's public page to withdraw."""
        return f"{self.base_url}/withdraw/{token}"

    def pay(self, token: str) -> str:
        """The absolute address of a payment link."""
        return f"{self.base_url}/pay/{token}"

    def unsubscribe(self, tenant_id: int, customer_id: str, mail: str, recipient: str | None = None) -> str:
        """The absolute address where a customer unsubscribes from a kind of mail; it never expires.

        For a further recipient of the customer's mails, `recipient` is the key of the address.
        """
        return self.document("unsubscribe", tenant_id, ":".join(filter(None, (mail, customer_id, recipient))))

    def plan_undo(self, tenant_id: int, subscription_id: str, mark: str) -> str:
        """The absolute address where a customer takes back what was decided for a subscription and has this mark."""
        return self.document("plan_undo", tenant_id, f"{mark}:{subscription_id}")

    def invitation(self, tenant_id: int, contact_id: str, invited_at: int) -> str:
        """The absolute address where a contact accepts the invitation of this moment."""
        return self.document("invitation", tenant_id, f"{invited_at}:{contact_id}")

    def read(self, token: str, kind: str) -> DocumentLink | None:
        """The link that a token stands for; None if it is not a valid token of this kind."""
        scope, link = self._said(token) if len(token) <= MAX_TOKEN_LENGTH else ("", None)
        return link if scope == LINK_KINDS[kind].scope else None

    def _move(self, host: str) -> "DocumentLinks":
        moved = copy(self)
        moved.base_url = at_host(self.base_url, host)
        return moved

    def _unsign_token(self, token: str) -> tuple[str, DocumentLink | None]:
        try:
            value, issued = self._signer.unsign(token, return_timestamp=True)
            scope, tenant_id, id = value.decode().split("-", 2)
        except (BadSignature, ValueError):
            return "", None
        return scope, DocumentLink(int(tenant_id), id, int(issued.timestamp()))

    def _sign_token(self, scope: str, tenant_id: int, id: str, today: int) -> str:
        return self._signer.sign(f"{scope}-{tenant_id}-{id}").decode()


class _HmacAtOnce(HMACAlgorithm):
    """The same signature by one call, at a fraction of the time: objects are full of links."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha1")


class _DaySigner(TimestampSigner):
    def __init__(self, keys: list[str], *, salt: str) -> None:
        super().__init__(keys, salt=salt, algorithm=_HmacAtOnce())
        self._derived = cache(super().derive_key)

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        return self._derived(secret_key)

    def get_timestamp(self) -> int:
        return _start_of_today()


def _start_of_today() -> int:
    now = clock.now()
    return now - now % clock.DAY


def expires_at(finalized_at: int, due_date: int | None, issued_at: int) -> int:
    """The second from which a link issued at `issued_at` no longer works."""
    by_rule = min((due_date or finalized_at) + MAX_AFTER_DUE, finalized_at + MAX_AFTER_FINALIZATION)
    return max(by_rule, issued_at + MIN_AFTER_ISSUE)
