"""Doors that exist in the demonstration only."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path


def urlpatterns() -> list[URLPattern | URLResolver]:
    if not settings.DEMO:
        return []
    return [
        path("demo/mail/", include("tenants.mailbox.urls")),
        path("demo/codes/", include("tenants.demo_codes.urls")),
    ]
