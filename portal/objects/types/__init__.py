"""Hand-written JSON schemas of object values by key, in one module per noun.

Numbers, strings, flags, links and constants get their schema from their columns (`json_schemas`); values that are
computed or stored as JSON are described here, and so are the lists that are there only when expanded.
"""
