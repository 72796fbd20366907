"""Collection by SEPA direct debit: what is due to be collected, files for the bank, and what came of each debit."""
