"""Two plans, each by the month and by the year, that customers can change between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.models import Configuration, Coupon, Price
from tests.factories import Factories


@dataclass(frozen=True)
class Plans:
    """Prices of the plans; what costs less waits for the period's end."""

    make: Factories
    silver: Price
    gold: Price
    silver_a_year: Price
    gold_a_year: Price

    @property
    def configuration(self) -> Configuration:
        """A configuration with everything switched on, changes of plan too."""
        products = [
            {"product": monthly.product_id, "prices": [monthly.id, yearly.id]}
            for monthly, yearly in ((self.silver, self.silver_a_year), (self.gold, self.gold_a_year))
        ]
        feature: dict[str, Any] = {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity", "promotion_code"],
            "products": products,
            "proration_behavior": "always_invoice",
            "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
        }
        durations = [{"interval": "month", "interval_count": count} for count in (1, 3)]
        pause = {"enabled": True, "duration": {"type": "interval_options", "interval_options": durations}}
        on = {"enabled": True}
        own = {
            "balance_payout": on,
            "contacts": on,
            "invoice_correction": on,
            "payment_calendar": on,
            "quotes": on,
            "spending": on,
            "payment_method_update": on,
            "subscription_create": {"enabled": True, "trial_period_days": 14},
            "subscription_pause": pause,
            "subscription_withdrawal": {"enabled": True, "customers": "all", "days": 60},
            "visits": on,
        }
        return self.make.configuration(subscription_update=feature, **own)


def offered(make: Factories) -> Plans:
    """The plans of a merchant."""
    silver = make.product(name="Silver plan", description="For one person who rides now and then")
    gold = make.product(description="For teams of up to twenty, with support by phone")
    yearly: Any = {"recurring": {"interval": "year"}}
    return Plans(
        make,
        make.price(silver, unit_amount=1000),
        make.price(gold, unit_amount=2000),
        make.price(silver, unit_amount=10000, **yearly),
        make.price(gold, unit_amount=20000, **yearly),
    )


def offer_of(coupon: Coupon) -> dict[str, Any]:
    """The `retention` of a session that offers a coupon."""
    return {"type": "coupon_offer", "coupon_offer": {"coupon": coupon.id}}
