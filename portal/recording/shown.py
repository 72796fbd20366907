"""Which changes the kept pages of customers may show: each of them raises a number that every visit reads.

A customer's pages are kept by two numbers (`portal/hosted/visit_facts.py`): the sequence of the customer's newest audit
entry, and `Journal.shared` for what belongs to no customer or leaves no entry. What is not listed here counts as shown.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from portal.db import TenantSession, scope_of
from portal.models import (
    ApiKey,
    AuditEntry,
    CancellationNotice,
    CheckoutSession,
    EmailChange,
    Event,
    FailedStep,
    FileContent,
    IdempotencyKey,
    InvoiceSequence,
    Journal,
    LoginCode,
    Mail,
    PaymentLink,
    PlanCancellation,
    PlanWithdrawal,
    PortalSession,
    RetentionOffer,
    StoredDocument,
    Tenant,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookQueue,
    Worker,
)
from portal.recording.subjects import SILENT_COLUMNS

#: Rows that no kept page shows: what waits to leave the portal, secrets, files, and visits, which are read each time.
_UNSHOWN_MODELS: frozenset[Any] = frozenset(
    {
        ApiKey,
        AuditEntry,
        CancellationNotice,
        CheckoutSession,
        EmailChange,
        Event,
        FailedStep,
        FileContent,
        IdempotencyKey,
        InvoiceSequence,
        Journal,
        LoginCode,
        Mail,
        PaymentLink,
        PlanCancellation,
        PlanWithdrawal,
        PortalSession,
        RetentionOffer,
        StoredDocument,
        Tenant,
        WebhookDelivery,
        WebhookEndpoint,
        WebhookQueue,
        Worker,
    }
)
_UNSHOWN_TABLES = frozenset(model.__tablename__ for model in _UNSHOWN_MODELS)
#: Objects without a customer that no kept page shows. What a payment pays is an invoice, and that one is shown.
_UNSHOWN_TYPES = frozenset(
    {
        *("api_key", "billing.feedback_option", "file", "file_link", "invoice_payment", "payment_record"),
        *("checkout.session", "mandate", "payment_link", "payment_method", "setup_intent", "webhook_endpoint"),
    }
)
#: Columns that leave no entry and no page shows: counters, versions, and when something happens by itself.
_UNSHOWN_COLUMNS = SILENT_COLUMNS - {"issued_on"}


def note_unrecorded(session: Session) -> None:
    """Note a change that customers may see and that leaves no audit entry, as an import's."""
    changes = session.info.get("changes")
    if changes is not None:
        changes.unrecorded.add(scope_of(session).tenant_id)


def is_unrecorded(row: Any, columns: frozenset[str], *, recorded: bool) -> bool:
    """Whether customers may see a change of a row that leaves no entry; `columns` are those that changed."""
    return not recorded and type(row) not in _UNSHOWN_MODELS and not columns <= _UNSHOWN_COLUMNS


def concern_everybody(entries: Iterable[Mapping[str, Any]]) -> bool:
    """Whether audit entries tell of something that the pages of every customer may show."""
    return any(row["customer_id"] is None and row["object_type"] not in _UNSHOWN_TYPES for row in entries)


@event.listens_for(TenantSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    """An insert, update or delete of its own passes no flush."""
    if state.is_select or not (state.is_insert or state.is_update or state.is_delete):
        return
    changes = state.session.info.get("changes")
    table = state.statement.table  # type: ignore[attr-defined]
    if changes is not None and table.name not in _UNSHOWN_TABLES:
        changes.unrecorded.add(scope_of(state.session).tenant_id)
