"""Quotes: offers that become a subscription, a schedule or an invoice once accepted."""
