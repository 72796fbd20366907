"""Exports and imports a tenant's records as a file of wire objects; ids, numbers and moments are preserved.

A line is the object as the API renders it, in either generation of the wire. Columns that the wire does not show (the
frozen seller of an invoice, for example) are added by an export under `x_portal` and read from there by an import.
"""
