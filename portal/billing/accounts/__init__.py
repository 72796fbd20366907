"""Merchants: their accounts, settings, API keys, invoice numbers, files and document templates."""
