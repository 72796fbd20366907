"""Reads statements of bank accounts, as banks deliver them, into values that know no format: camt.052/.053/.054, MT940.

A file is read once, from its beginning to its end, and never held as a whole. `reading.read_entries` is the way in.
"""
