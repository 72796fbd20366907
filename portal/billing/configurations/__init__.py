"""Portal configurations: what a merchant lets customers do, and where they may be sent back to."""
