"""Table of payment intents: what a provider is to charge, and what has come of it."""

from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class PaymentIntent(TenantOwned, Base):
    """That a provider charges an invoice, in as many attempts as it takes; statuses are those of the wire.

    Each attempt is for an `amount` that is fixed once the provider was asked, at `asked_at`. `ask_at` is when to ask
    next, by the time of the customer, and `claimed_until` until when a worker has it; both are null where nobody has to
    be asked. `provider_ref` is the provider's name of the latest attempt. `invoice_payment_id` is what it has paid; at
    `disputed_at` the provider took the money back.
    """

    __tablename__ = "payment_intents"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("payment_method_id", "payment_methods"),
        newest_first("payment_intents"),
        newest_first("payment_intents", "customer_id"),
        newest_first("payment_intents", "invoice_id"),
        Index(
            "ix_payment_intents_claimed_until",
            "claimed_until",
            sqlite_where=text("claimed_until IS NOT NULL"),
            postgresql_where=text("claimed_until IS NOT NULL"),
        ),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str] = mapped_column(Id)
    payment_method_id: Mapped[str] = mapped_column(Id)
    invoice_payment_id: Mapped[str | None] = mapped_column(Id)
    provider: Mapped[str]
    provider_ref: Mapped[str | None]
    amount: Mapped[int]
    amount_received: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    status: Mapped[str]
    #: the how many-th attempt, from 1
    attempt: Mapped[int]
    client_secret: Mapped[str]
    last_payment_error: Mapped[dict[str, Any] | None]
    cancellation_reason: Mapped[str | None]
    canceled_at: Mapped[int | None]
    asked_at: Mapped[int | None]
    confirmed_at: Mapped[int | None]
    disputed_at: Mapped[int | None]
    ask_at: Mapped[int | None]
    claimed_until: Mapped[int | None]
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class
