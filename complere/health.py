"""Is the process alive, and can it work?"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from complere import pages
from tenants import schemas
from tenants.members.access import public_door


@public_door
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing else, so that a broken database restarts no web server."""
    return JsonResponse({"status": "ok"})


@public_door
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker and migrations; 503 names what is not ready, and no more than that."""
    checks = {"database": _database(), "broker": _broker(), "migrations": _migrations()}
    ready = all(value == "ok" for value in checks.values())
    return JsonResponse({"status": "ok" if ready else "not ready", **checks}, status=200 if ready else 503)


class HealthFirst:
    """Answers before the tenant is looked up, which needs the database that may be down."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path)
        if view is None or str(request.META.get("HTTP_HOST", "")).lower() not in pages.HOSTS:
            return self.get_response(request)
        # The thread may stand in the schema of the tenant that it served last.
        with schemas.on_platform():
            return view(request)


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001  any failure means: not ready
        return "unreachable"
    return "ok"


def _broker() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception:  # noqa: BLE001  the database may be down
        return "unknown"
    return f"{len(pending)} pending" if pending else "ok"
