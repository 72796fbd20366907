"""Use cases: a frozen command, and a function that decides by `rules`, changes rows and answers with them.

Every function takes the session first, then the row, then the command, then `now` in epoch seconds.
Nobody here commits: the edge does.

The packages stand on floors. A module imports from its own package and from floors below it;
`tests/test_architecture.py` holds this. Packages on one floor know nothing of each other.
"""

#: From the bottom up; the modules of a package may import each other, without a cycle.
FLOORS = (
    {"catalogue", "configurations", "events"},
    {"accounts"},
    {"ledger"},
    {"discounts"},
    {"invoices"},
    {"credit_notes", "subscriptions"},
    {"schedules"},
    {"quotes"},
    {"lifecycle"},
    {"customer_portal"},
    {"customers"},
    {"previews"},
)
