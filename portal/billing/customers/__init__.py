"""Customers: their records, changes of email address, statements of account, test clocks."""
