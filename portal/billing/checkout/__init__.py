"""Checkout: sessions and the links that open them, and the invoice, subscription or payment method they end in."""
