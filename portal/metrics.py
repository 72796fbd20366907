"""The Prometheus metrics of the portal."""

from prometheus_client import Counter, Histogram

REQUESTS = Histogram(
    "portal_request_seconds",
    "Requests by method, route template and status.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
CONNECTIONS = Histogram(
    "portal_database_connections",
    "Connections in use in a process, looked at with each request.",
    ["pool"],
    buckets=(0, 1, 2, 4, 8, 12, 16),
)
RENDERINGS = Histogram(
    "portal_rendering_seconds", "Documents that were made.", ["outcome"], buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
)
LANE_STEPS = Counter("portal_lane_steps", "What workers did, by lane.", ["lane"])
LANE_FAILURES = Counter("portal_lane_failures", "Steps of workers that failed, by lane.", ["lane"])
LANE_STEP_SECONDS = Histogram(
    "portal_lane_step_seconds",
    "How long steps of workers took that found something to do, by lane.",
    ["lane"],
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
