"""Bank statements: taken in, their transfers matched to invoices, and what each transfer was used for."""
