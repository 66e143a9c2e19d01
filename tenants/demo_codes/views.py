"""One-time codes of the demonstration: in production a code is on its owner's telephone, and there is no such page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tenants.demo_codes import queries
from tenants.members.access import public_door


@public_door
@never_cache
@require_GET
def codes(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    values = {"codes": queries.codes(now), "change_at": queries.change_at(now)}
    return render(request, "tenants/demo_codes/list.html", values)
