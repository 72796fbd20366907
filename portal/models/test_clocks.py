"""The table of test clocks: in test mode, a customer's time is that of their test clock."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, TenantOwned, newest_first
from portal.rules.statuses import TestClockStatus


class TestClock(TenantOwned, Base):
    """A frozen time; while the clock advances, `target_frozen_time` is where it ends."""

    __test__ = False  # not one of pytest's
    __tablename__ = "test_clocks"
    __table_args__ = (
        newest_first("test_clocks"),
        Index(
            "ix_test_clocks_advancing",
            "tenant_id",
            sqlite_where=text("status = 'advancing'"),
            postgresql_where=text("status = 'advancing'"),
        ),
    )

    name: Mapped[str | None]
    status: Mapped[TestClockStatus] = mapped_column(default="ready")
    frozen_time: Mapped[int]
    target_frozen_time: Mapped[int | None]
    deletes_after: Mapped[int]
