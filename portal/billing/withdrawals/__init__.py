"""Withdrawals of consumers from their contracts, with what is paid back."""
