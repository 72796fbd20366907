"""Demo data: a merchant, four customers in four languages, and a year of their invoices."""
