"""Events, webhook endpoints, replays and idempotency keys; the rest of billing needs none of these."""
