"""The table of due steps that failed, such as a renewal, and when they are tried again."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first


class FailedStep(TenantOwned, Base):
    """A step of a record that failed at least once; one row until it succeeds or is no longer due (`resolved_at`).

    `object_type` and `object_id` name the record, `due_at` and `verb` its step (`rules.steps`). `failure` is the last
    error in one line, `alerted_at` when the merchant was mailed.
    """

    __tablename__ = "failed_steps"
    __table_args__ = (
        newest_first("failed_steps"),
        Index(
            "ix_failed_steps_unresolved",
            "tenant_id",
            "object_id",
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    object_type: Mapped[str]
    object_id: Mapped[str] = mapped_column(Id)
    verb: Mapped[str]
    due_at: Mapped[int]
    failure: Mapped[str]
    tries: Mapped[int]
    last_tried_at: Mapped[int]
    next_try_at: Mapped[int]
    resolved_at: Mapped[int | None]
    alerted_at: Mapped[int | None]
