"""What the demo merchant sells: two plans by the month or by the year, and the tax on them."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue import prices, products, tax_rates
from portal.demo.use_cases import run_use_case
from portal.models import Price, TaxRate

#: What is sold: names and words of plans, with the price of a month and of a year. Customers begin with the first.
PLANS = (("Gold plan", "Unlimited rides", 1900, 19000), ("Silver plan", "Ten rides a month", 900, 9000))


def create_catalogue(db: Session, now: int) -> tuple[list[Price], TaxRate]:
    """Create the plans; returns their prices, the first plan's month first, and the tax rate."""
    made = []
    for name, words, monthly, yearly in PLANS:
        words_of = {"name": name, "description": words}
        product = run_use_case(db, products.create_product, products.CreateProduct, now, **words_of)
        for interval, amount in (("month", monthly), ("year", yearly)):
            price = {"unit_amount": amount, "currency": "eur", "recurring": {"interval": interval}}
            made.append(run_use_case(db, prices.create_price, prices.CreatePrice, now, product=product.id, **price))
    rate = {"display_name": "VAT", "percentage": "19", "inclusive": False, "country": "DE"}
    return made, run_use_case(db, tax_rates.create_tax_rate, tax_rates.CreateTaxRate, now, **rate)


def subscription_update_feature(offered: list[Price]) -> dict[str, Any]:
    """Customers may change between all plans: upgrades apply at once, downgrades at the end of the paid period."""
    by_product: dict[str, list[str]] = {}
    for price in offered:
        by_product.setdefault(price.product_id, []).append(price.id)
    return {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity", "promotion_code"],
        "products": [{"product": product, "prices": ids} for product, ids in by_product.items()],
        "proration_behavior": "always_invoice",
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]},
    }
