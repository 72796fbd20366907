"""A tenant's records as a file of wire objects, out and in: ids, numbers and moments are kept.

A line is the object as the API shows it, in either generation. What the wire can't say of a row
(the frozen seller of an invoice, say) an export adds under `x_portal`, and an import reads it there.
"""
