"""How often one network address may ask, counted in the cache."""

from datetime import timedelta

from django.core.cache import cache

from tenants import signing


def exceeded(name: str, address: str, *, most: int, within: timedelta) -> bool:
    """Count one request of `address`; True once it made more than `most` within the window."""
    key = f"limit:{name}:{signing.digest(address, purpose='limits')}"
    cache.add(key, 0, int(within.total_seconds()))
    try:
        return bool(cache.incr(key) > most)
    except ValueError:
        # It ran out between the two calls: a new window begins.
        return False
