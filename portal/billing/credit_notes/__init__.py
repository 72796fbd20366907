"""Credit notes: what a merchant gives back of a finalized invoice."""
