"""Logs: one JSON object a line in production, readable lines in a demo; both with request id and tenant.

The request id and the tenant are context variables, bound by audit.middleware and tenants.middleware (a request) and by
the task's base class (a task), so every line written meanwhile carries them, Django's and libraries' own included.
"""

import logging
import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import Processor

from complere import env

FORMATS: Final = ("json", "text")
# A log is read by more people than the data it speaks of.
SECRET_KEYS: Final = re.compile(r"pass(word|wd)|secret|token|cookie|authorization|private_key|api_key", re.IGNORECASE)
REMOVED: Final = "[removed]"
QUIET: Final = {
    "asyncio": "ERROR",
    "fontTools": "ERROR",
    "weasyprint": "ERROR",
    # Three lines for each sweep, every two seconds, would hide the one that matters.
    "celery.app.trace": "WARNING",
    "celery.beat": "WARNING",
    "celery.worker.strategy": "WARNING",
}


def configure(log_format: str, *, level: str = "INFO") -> dict[str, Any]:
    """Set structlog up for this process and return Django's LOGGING for `log_format`, json or text."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "complere.logs.formatter", "log_format": log_format}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django would mail tracebacks and print a second, different line.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            **{name: {"level": quiet} for name, quiet in QUIET.items()},
        },
    }


def formatter(log_format: str | None = None) -> structlog.stdlib.ProcessorFormatter:
    """A formatter for any logging configuration; without `log_format` it follows LOG_FORMAT."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            *_endings(log_format or env.choice("LOG_FORMAT", FORMATS, "json")),
        ],
    )


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values under keys that name a secret, and name the route where Django's own lines name the path."""
    request = event.pop("request", None)
    if isinstance(request, HttpRequest) and len(request.path) > 1:
        match = request.resolver_match
        # A path may hold a personal link that still opens something: a form sent back with errors is a 4xx line.
        event["event"] = str(event["event"]).replace(
            request.path.encode("unicode_escape").decode(), match.route if match else REMOVED
        )
    for key in event:
        if SECRET_KEYS.search(key):
            event[key] = REMOVED
    return event


class RequestLog:
    """One line for each answer: the route and not the path, which may hold a personal link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("complere.requests")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then log method, route, status and milliseconds."""
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        self.log.log(
            logging.ERROR if response.status_code >= 500 else logging.INFO,
            "request answered",
            method=request.method,
            route=match.route if match else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )
        return response


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]


def _endings(log_format: str) -> list[Processor]:
    if log_format == "text":
        return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return [
        structlog.processors.EventRenamer("message"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(default=str),
    ]
