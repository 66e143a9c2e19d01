"""The mailbox of the demonstration: in production mail leaves, and there is no such page."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants.mailbox import forms, presenters, queries
from tenants.members.access import public_door

MAILS_A_PAGE = 50


@public_door
@require_GET
def mails(request: HttpRequest) -> HttpResponse:
    """Every mail that this demonstration sent, newest first, of all tenants."""
    form = forms.Filter(request.GET)
    wanted = form.cleaned_data["to"].strip() if form.is_valid() else ""
    # Unfiltered, only the files of the page are opened: the mailbox may be large.
    found: list[Any] = [*queries.to_person(wanted)] if wanted else [*queries.newest_first()]
    page = Paginator(found, MAILS_A_PAGE).get_page(request.GET.get("page"))
    rows = page.object_list if wanted else [whole for path in page.object_list if (whole := queries.read(path))]
    values = {"form": form, "page": page, "mails": rows, "wanted": wanted}
    return render(request, "tenants/mailbox/list.html", values)


@public_door
@require_GET
def mail(request: HttpRequest, name: str) -> HttpResponse:
    found = queries.by_name(name)
    if found is None:
        raise Http404
    return render(request, "tenants/mailbox/mail.html", {"mail": found, "lines": presenters.lines(found.text)})
