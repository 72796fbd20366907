"""Stripe's grammar: how requests are read and answers are shaped; knows no resource."""
