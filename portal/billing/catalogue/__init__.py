"""What is sold: products, their prices, and the tax rates put on them."""

from portal.billing.catalogue.plans import CreatePlan, ListPlans, UpdatePlan, create_plan, delete_plan, update_plan
from portal.billing.catalogue.prices import (
    CreatePrice,
    ListPrices,
    RecurringFilter,
    UpdatePrice,
    create_price,
    update_price,
)
from portal.billing.catalogue.pricing import PriceData, TaxBehavior, unit_amounts
from portal.billing.catalogue.products import (
    CreateProduct,
    ListProducts,
    UpdateProduct,
    create_product,
    delete_product,
    product_name,
    update_product,
)
from portal.billing.catalogue.tax_rates import (
    CreateTaxRate,
    ListTaxRates,
    UpdateTaxRate,
    create_tax_rate,
    tax_rates,
    update_tax_rate,
)

__all__ = [
    "CreatePlan",
    "CreatePrice",
    "CreateProduct",
    "CreateTaxRate",
    "ListPlans",
    "ListPrices",
    "ListProducts",
    "ListTaxRates",
    "PriceData",
    "RecurringFilter",
    "TaxBehavior",
    "UpdatePlan",
    "UpdatePrice",
    "UpdateProduct",
    "UpdateTaxRate",
    "create_plan",
    "create_price",
    "create_product",
    "create_tax_rate",
    "delete_plan",
    "delete_product",
    "product_name",
    "tax_rates",
    "unit_amounts",
    "update_plan",
    "update_price",
    "update_product",
    "update_tax_rate",
]
