"""What leaves the portal for others: mails to people, events to the merchant's endpoints."""
