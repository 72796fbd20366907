"""What happens as time passes: due steps of subscriptions, invoices, schedules and quotes."""
