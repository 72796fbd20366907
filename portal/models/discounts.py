"""Tables of coupons, promotion codes, and discounts (coupons that were redeemed)."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class Coupon(TenantOwned, Base):
    """Either `percent_off` (decimal text) or `amount_off` in `currency`; `applies_to` holds product ids."""

    __tablename__ = "coupons"
    __table_args__ = (newest_first("coupons"),)

    name: Mapped[str | None]
    percent_off: Mapped[str | None]
    amount_off: Mapped[int | None]
    currency: Mapped[str | None]
    currency_options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duration: Mapped[str]
    duration_in_months: Mapped[int | None]
    max_redemptions: Mapped[int | None]
    redeem_by: Mapped[int | None]
    times_redeemed: Mapped[int] = mapped_column(default=0)
    applies_to: Mapped[list[Any] | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class PromotionCode(TenantOwned, Base):
    """A code that customers type in; `coupon` is a copy that outlives the deletion of the coupon.

    `active_key` is the code in lower case with its customer while it is active, so no two can be the same.
    """

    __tablename__ = "promotion_codes"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("promotion_codes"),
        newest_first("promotion_codes", "coupon_id"),
        Index("ix_promotion_codes_code", "tenant_id", "code"),
        Index("uq_promotion_codes_active_key", "tenant_id", "active_key", unique=True),
    )

    code: Mapped[str]
    active_key: Mapped[str | None]
    coupon_id: Mapped[str] = mapped_column(Id)
    coupon: Mapped[dict[str, Any]]
    customer_id: Mapped[str | None] = mapped_column(Id)
    active: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[int | None]
    max_redemptions: Mapped[int | None]
    times_redeemed: Mapped[int] = mapped_column(default=0)
    restrictions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class Discount(TenantOwned, Base):
    """A coupon redeemed for one owner, with a copy of the coupon as it was at that moment.

    The row stays when the discount is taken off its owner (`removed_at`), for the invoices that show
    it. A discount that lasts `once` is `spent_on` the first invoice that it lowered.
    """

    __tablename__ = "discounts"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("discounts", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    subscription_item_id: Mapped[str | None] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    invoice_item_id: Mapped[str | None] = mapped_column(Id)
    coupon_id: Mapped[str] = mapped_column(Id)
    coupon: Mapped[dict[str, Any]]
    promotion_code_id: Mapped[str | None] = mapped_column(Id)
    start: Mapped[int]
    end: Mapped[int | None]
    removed_at: Mapped[int | None]
    spent_on: Mapped[str | None] = mapped_column(Id)
