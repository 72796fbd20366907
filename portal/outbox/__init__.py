"""What the portal sends to others: mails to people, events to the merchant's webhook endpoints."""
