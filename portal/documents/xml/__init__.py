"""E-invoices by EN 16931: `build` makes a `trade` from frozen rows; `cii` and `ubl` write it as XML."""
