"""Tells every web process that kept pages are old. The processes listen in complere/pages.py."""

import redis
from django.conf import settings


def channel() -> str:
    """One for each database, so that two installations on one Valkey do not hear each other."""
    return f"complere:{settings.DATABASES['default']['NAME']}:pages"


def version_key() -> str:
    return f"{channel()}:version"


def announce() -> None:
    """Raise the version and say so. Raises `redis.RedisError`; call it again until it succeeds."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as valkey:
        pipe = valkey.pipeline(transaction=True)
        pipe.incr(version_key())
        pipe.publish(channel(), "drop")
        pipe.execute()
