"""Attempts are counted in the cache of the schema: what strangers try is no record of anyone."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.core.cache import cache

from tenants import signing


def count(what: str, *who: str, window: timedelta) -> int:
    """Count one more attempt and return how many there were in this window. Atomic across processes."""
    key = _key(what, *who)
    seconds = int(window.total_seconds())
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key))
    except ValueError:
        # The window ended between the two calls.
        cache.set(key, 1, timeout=seconds)
        return 1


def count_in_a_row(what: str, *who: str, at_most: int, pause: timedelta) -> int:
    """Count one more and return how many there were with less than `pause` between them; atomic across processes.

    What comes after the last of `at_most` does not put off the end of the pause: in no interval as long as the pause
    are there more than `at_most` that were let through.
    """
    found = count(what, *who, window=pause)
    if found <= at_most:
        cache.touch(_key(what, *who), int(pause.total_seconds()))
    return found


def so_far(what: str, *who: str) -> int:
    """How many attempts were counted in the window that runs."""
    return int(cache.get(_key(what, *who)) or 0)


def take_back(what: str, *who: str) -> None:
    """Uncount one attempt that turned out well."""
    with suppress(ValueError):
        cache.decr(_key(what, *who))


def forget(what: str, *who: str) -> None:
    cache.delete(_key(what, *who))


def hold(what: str, *who: str, until: datetime, now: datetime) -> None:
    """Hold this pair off until the moment given (aware)."""
    cache.set(_key(f"{what} held", *who), until.isoformat(), timeout=int((until - now).total_seconds()) + 1)


def is_held(what: str, *who: str, now: datetime) -> bool:
    until = cache.get(_key(f"{what} held", *who))
    return until is not None and datetime.fromisoformat(until) > now


def release(what: str, *who: str) -> None:
    cache.delete_many([_key(what, *who), _key(f"{what} held", *who)])


def _key(what: str, *who: str) -> str:
    # A digest, so that the cache names nobody and no address can break a key.
    return f"attempts-{signing.digest(what, *who, purpose='attempts')}"
