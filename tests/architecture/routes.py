"""Every address that a host answers, as the resolver knows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

HOSTS = {"platform": "complere.urls.platform", "tenant": "complere.urls.tenant"}


@dataclass(frozen=True)
class Route:
    """A URL pattern: `converters` are those of the whole path, by name of the argument."""

    host: str
    path: str
    name: str | None
    view: Any
    converters: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.host}:{self.name or self.path}"


def every() -> list[Route]:
    return [route for host, urlconf in HOSTS.items() for route in _walk(host, get_resolver(urlconf), "", {})]


def _walk(host: str, resolver: URLResolver, prefix: str, known: dict[str, Any]) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        converters = known | entry.pattern.converters
        if isinstance(entry, URLPattern):
            yield Route(host, path, entry.name, entry.callback, converters)
        else:
            yield from _walk(host, entry, path, converters)


def permission_of(view: Any) -> str | None:
    """What a view declares; for one made by `as_view()` or `partial()`, what lies inside counts too."""
    for layer in (view, getattr(view, "view_class", None), getattr(view, "func", None)):
        if (declared := getattr(layer, "permission", None)) is not None:
            return str(declared)
    return None
