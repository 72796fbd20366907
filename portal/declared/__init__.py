"""Accounts as code: a file says what an account sells and allows, and is carried out."""
