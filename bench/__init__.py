"""Measures the portal against its goals: `make bench`."""
