"""Tables of payment methods, of which types are offered, of mandates, and of intents by which methods are set up."""

from typing import Any

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class PaymentMethod(TenantOwned, Base):
    """What a customer can be charged by. `details` is the hash of the wire under the name of its `type`.

    The account number of a `sepa_debit` is `sealed`, and so is nowhere else in full. `provider` holds the method under
    `provider_ref` where somebody else charges it. One that was detached keeps its customer in `detached_from`.
    """

    __tablename__ = "payment_methods"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("payment_methods"),
        newest_first("payment_methods", "customer_id"),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    detached_from: Mapped[str | None] = mapped_column(Id)
    type: Mapped[str]
    billing_details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    provider: Mapped[str | None]
    provider_ref: Mapped[str | None]
    allow_redisplay: Mapped[str] = mapped_column(default="unspecified")
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class PaymentMethodConfiguration(TenantOwned, Base):
    """Which types of payment methods are offered; `preferences` are `on`, `off` or `none` by type."""

    __tablename__ = "payment_method_configurations"
    __table_args__ = (newest_first("payment_method_configurations"),)

    name: Mapped[str]
    active: Mapped[bool]
    preferences: Mapped[dict[str, Any]]


class Mandate(TenantOwned, Base):
    """A customer's leave to collect by a payment method: by whom, when, and the very words that were shown.

    `reference` is unique among the account's (at most 35 characters of the SEPA set). `acceptance` is the hash
    `customer_acceptance` of the wire. `first_used_at` and `last_used_at` are the days, as moments, of the first and
    last collection that was not refused. One that has ended (`inactive`) says why in `ended_reason`.
    """

    __tablename__ = "mandates"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("payment_method_id", "payment_methods"),
        newest_first("mandates"),
        newest_first("mandates", "payment_method_id"),
        UniqueConstraint("tenant_id", "reference"),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    payment_method_id: Mapped[str] = mapped_column(Id)
    reference: Mapped[str]
    type: Mapped[str]
    status: Mapped[str]
    acceptance: Mapped[dict[str, Any]]
    #: the session of the portal in which it was given
    session_id: Mapped[str | None] = mapped_column(Id)
    locale: Mapped[str | None]
    text: Mapped[str | None]
    creditor_id: Mapped[str | None]
    creditor_name: Mapped[str | None]
    first_used_at: Mapped[int | None]
    last_used_at: Mapped[int | None]
    ended_at: Mapped[int | None]
    ended_reason: Mapped[str | None]
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class SetupIntent(TenantOwned, Base):
    """The way to a payment method that can be charged later; statuses are those of the wire."""

    __tablename__ = "setup_intents"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("payment_method_id", "payment_methods"),
        tenant_foreign_key("mandate_id", "mandates"),
        newest_first("setup_intents"),
        newest_first("setup_intents", "customer_id"),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    payment_method_id: Mapped[str | None] = mapped_column(Id)
    mandate_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str]
    usage: Mapped[str]
    description: Mapped[str | None]
    payment_method_types: Mapped[list[Any]]
    client_secret: Mapped[str]
    cancellation_reason: Mapped[str | None]
    last_setup_error: Mapped[dict[str, Any] | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class
