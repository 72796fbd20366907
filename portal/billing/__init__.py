"""Use cases: each takes a command, checks it by `rules`, changes rows and returns them.

Every function takes the session first, then the row, then the command, then `now` in epoch seconds.
No function here commits: the caller at the edge (API, hosted pages, workers, CLI) does.
The commands of a package with many of them are in its `params`; who collects payments is asked by
`invoices.collectors`.
"""

#: From the bottom up; the modules of a package may import each other, without a cycle.
FLOORS = (
    {"catalogue", "configurations", "events"},
    {"accounts"},
    {"ledger"},
    {"discounts", "payment_methods"},
    {"invoices"},
    {"disputes", "refunds"},
    {"credit_notes", "subscriptions"},
    {"collection"},
    {"intents"},
    {"bank", "schedules"},
    {"corrections", "quotes", "withdrawals"},
    {"lifecycle"},
    {"customer_portal"},
    {"customers"},
    {"checkout", "previews"},
)
