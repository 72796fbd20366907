"""The table of worker processes and when each was last seen."""

from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id


class Worker(Base):
    """One running `portal worker`; it deletes its row when it stops."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[int]
    seen_at: Mapped[int]
