"""PostgreSQL and Valkey out of the wheels, for a checkout with nothing else installed."""
