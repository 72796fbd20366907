"""Decisions of billing as pure functions: values in, values out; amounts in minor units, moments in epoch seconds."""
