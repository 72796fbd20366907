"""What every page and API route shares: services, access policies, headers, limits, errors, logs and health checks."""
