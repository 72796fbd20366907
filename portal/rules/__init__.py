"""Billing decisions as pure functions: values in, values out.

Amounts are in minor units, moments in epoch seconds.
"""
