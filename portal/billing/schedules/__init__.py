"""Subscription schedules: phases planned ahead, and the moves from one to the next."""
