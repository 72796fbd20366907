"""Invoices: drafts and their lines, finalization, payments, statuses, revisions."""
