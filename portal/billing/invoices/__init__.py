"""Invoices: drafts and their lines, finalization, payments, collection, revisions."""
