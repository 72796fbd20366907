"""Products, prices and tax rates: what is sold, and the taxes on it."""
