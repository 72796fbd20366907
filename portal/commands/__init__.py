"""Groups of the `portal` command that are too large for one file."""
