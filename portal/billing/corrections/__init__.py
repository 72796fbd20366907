"""Corrections of what an invoice says of its buyer."""
