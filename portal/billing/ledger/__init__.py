"""What every bill stands on: locks, customer balances, tax ids, the parties of a document, totals."""
