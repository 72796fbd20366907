"""Previews of invoices: the change itself is made, shown and rolled back."""
