"""E-invoices by EN 16931: `trades` makes a `trade` from a document; `cii` and `ubl` write it as XML."""
