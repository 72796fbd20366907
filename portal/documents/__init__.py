"""Renders documents (invoices, credit notes, quotes, receipts, statements): value -> HTML -> PDF."""
