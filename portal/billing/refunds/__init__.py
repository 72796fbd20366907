"""Refunds: money that goes back to customers, by the provider that charged it or by a credit transfer."""
