"""What the ledger says of credit that is paid out, recorded in English."""

PAYOUT_WORDS = "Paid out"
BACK_WORDS = "Not paid out after all"
