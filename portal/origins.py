"""The origin of a change: its actor and the request it came with."""

from dataclasses import dataclass
from typing import Any, Literal

ActorType = Literal["api_key", "customer", "operator", "test_clock", "worker"]


@dataclass(frozen=True)
class Origin:
    """The actor behind a transaction: an API key, a customer in a portal visit, an operator's command or a worker."""

    type: ActorType
    id: str | None = None
    session: str | None = None
    request_id: str | None = None
    idempotency_key: str | None = None
    #: id and email of the contact whose visit it is; None in the customer's own
    contact: dict[str, Any] | None = None
    #: of which kind the document is whose link was used; None within a visit
    link: str | None = None

    @property
    def actor(self) -> dict[str, Any]:
        """The actor as events and the audit log show it."""
        person = {"contact": self.contact} if self.contact else {}
        link = {"link": self.link} if self.link else {}
        return {"id": self.id, "session": self.session, "type": self.type, **person, **link}

    @property
    def request(self) -> dict[str, Any]:
        """The `request` of an event."""
        return {"id": self.request_id, "idempotency_key": self.idempotency_key}
