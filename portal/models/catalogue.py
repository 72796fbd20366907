"""Tables of products, prices, tax rates and shipping rates."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class Product(TenantOwned, Base):
    __tablename__ = "products"
    __table_args__ = (newest_first("products"),)

    updated: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    name: Mapped[str]
    description: Mapped[str | None]
    default_price_id: Mapped[str | None] = mapped_column(Id)
    images: Mapped[list[Any]] = mapped_column(default=list)
    marketing_features: Mapped[list[Any]] = mapped_column(default=list)
    shippable: Mapped[bool | None]
    statement_descriptor: Mapped[str | None]
    tax_code: Mapped[str | None]
    unit_label: Mapped[str | None]
    url: Mapped[str | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class Price(TenantOwned, Base):
    """An amount per unit, once or per interval. `unit_amount_decimal` holds fractions of a minor unit."""

    __tablename__ = "prices"
    __table_args__ = (
        tenant_foreign_key("product_id", "products"),
        newest_first("prices"),
        newest_first("prices", "product_id"),
        UniqueConstraint("tenant_id", "lookup_key"),
    )

    product_id: Mapped[str] = mapped_column(Id)
    active: Mapped[bool] = mapped_column(default=True)
    currency: Mapped[str]
    unit_amount: Mapped[int | None]
    unit_amount_decimal: Mapped[str]
    interval: Mapped[str | None]
    interval_count: Mapped[int | None]
    trial_period_days: Mapped[int | None]
    nickname: Mapped[str | None]
    lookup_key: Mapped[str | None]
    tax_behavior: Mapped[str] = mapped_column(default="unspecified")
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class TaxRate(TenantOwned, Base):
    """A percentage, stored as decimal text; it never changes once created."""

    __tablename__ = "tax_rates"
    __table_args__ = (newest_first("tax_rates"),)

    active: Mapped[bool] = mapped_column(default=True)
    display_name: Mapped[str]
    description: Mapped[str | None]
    percentage: Mapped[str]
    inclusive: Mapped[bool]
    country: Mapped[str | None]
    state: Mapped[str | None]
    jurisdiction: Mapped[str | None]
    tax_type: Mapped[str | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class ShippingRate(TenantOwned, Base):
    """A shipping price: `amount` in `currency`, and in other currencies by `currency_options`."""

    __tablename__ = "shipping_rates"
    __table_args__ = (newest_first("shipping_rates"),)

    active: Mapped[bool] = mapped_column(default=True)
    display_name: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    currency_options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    delivery_estimate: Mapped[dict[str, Any] | None]
    tax_behavior: Mapped[str] = mapped_column(default="unspecified")
    tax_code: Mapped[str | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
