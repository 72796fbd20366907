"""What is sold: products, their prices, and the tax rates put on them."""

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
    "CreatePrice",
    "CreateProduct",
    "CreateTaxRate",
    "ListPrices",
    "ListProducts",
    "ListTaxRates",
    "PriceData",
    "RecurringFilter",
    "TaxBehavior",
    "UpdatePrice",
    "UpdateProduct",
    "UpdateTaxRate",
    "create_price",
    "create_product",
    "create_tax_rate",
    "delete_product",
    "product_name",
    "tax_rates",
    "unit_amounts",
    "update_price",
    "update_product",
    "update_tax_rate",
]
