"""Subscriptions: their start, items, changes, prorations, pauses and end."""
