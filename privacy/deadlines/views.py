"""The public page that derives a deadline. A GET form: the link carries the question, so it can be sent and checked."""

from typing import Any, cast
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from privacy.deadlines import forms, presenters, queries
from privacy.deadlines.catalogue import UnknownCalendar, UnknownParameter
from privacy.deadlines.clock import DeadlineRefused
from tenants.members.access import public_door

PAGE = "privacy/deadlines/explain.html"
COLUMNS = ("Parameter", "Value", "In force", "Source")


@public_door
@require_safe
def explain_deadline(request: HttpRequest) -> HttpResponse:
    """Kind, start and calendar in; last day, first instant too late, steps and legal parameters out."""
    tenant = cast("Any", request).tenant
    initial = {"kind": queries.Ask.MONTH.value, "calendar": tenant.calendar, "zone": tenant.time_zone}
    form = forms.QuestionForm(request.GET) if request.GET else forms.QuestionForm(initial=initial)
    answer = _answer(form) if form.is_valid() else None
    page = {
        "form": form,
        "explanation": presenters.explanation(answer) if answer else None,
        "columns": COLUMNS,
        "zones": sorted(available_timezones()),
        "platform_origin": "" if tenant.is_platform else settings.PLATFORM_ORIGIN,
    }
    return render(request, PAGE, page, status=422 if form.errors else 200)


def _answer(form: forms.QuestionForm) -> queries.Answer | None:
    question = form.question()
    if question is None:
        return None
    try:
        return queries.answer(question)
    except UnknownParameter:
        form.add_error("day", "The GDPR applies from 25 May 2018. Enter a day from then on.")
    except UnknownCalendar:
        form.add_error("calendar", "This country has no national holiday calendar. Choose another.")
    except DeadlineRefused as refused:
        form.add_error("day", f"This cannot be computed: {refused}.")
    return None
