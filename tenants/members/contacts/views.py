from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.members.access import may, public_door
from tenants.members.accounts.queries import LinkOver, LinkUnknown, signed_in
from tenants.members.contacts import actions, forms, presenters, queries
from tenants.members.contacts.catalogue import DUTIES, NAMES
from tenants.tenancy.queries import of_request


@may("members.manage_contacts")
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    values = {
        "cards": presenters.cards(timezone.now()),
        "tz": of_request(request).time_zone,
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/contacts/list.html", values)


@may("members.manage_contacts")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in NAMES:
        raise Http404
    contact = queries.by_kind(kind)
    if request.method == "POST":
        form = forms.Keep(request.POST)
        if form.is_valid():
            return _kept(request, kind, form)
    else:
        form = forms.Keep(initial=presenters.known(contact))
    values = {"form": form, "kind": kind, "name": NAMES[kind], "duty": DUTIES[kind], "contact": contact}
    return render(request, "tenants/contacts/form.html", values, status=422 if form.is_bound else 200)


@may("members.manage_contacts")
@require_POST
def ask_again(request: HttpRequest, kind: str) -> HttpResponse:
    contact = queries.by_kind(kind)
    if contact is None:
        raise Http404
    actions.ask_again(contact, actor=signed_in(request).actor, now=timezone.now())
    messages.success(request, f"We have asked {contact.full_name} by mail to confirm.")
    return redirect("contacts")


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link changes nothing: mail scanners open links too. The button confirms."""
    now = timezone.now()
    try:
        if request.method == "POST":
            actions.confirm(token=token, now=now)
            return redirect("contact-confirmed")
        contact = queries.open_verification(token, now)
    except LinkUnknown:
        return render(request, "tenants/contacts/link_over.html", {"unknown": True}, status=404)
    except LinkOver as over:
        return render(request, "tenants/contacts/link_over.html", {"why": str(over)}, status=410)
    values = {"name": NAMES[contact.kind], "duty": DUTIES[contact.kind], "tenant": of_request(request)}
    return render(request, "tenants/contacts/confirm.html", values)


@public_door
@require_safe
def confirmed(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/contacts/confirmed.html", {"tenant": of_request(request)})


def _kept(request: HttpRequest, kind: str, form: forms.Keep) -> HttpResponse:
    moved = queries.is_another(queries.by_kind(kind), form.cleaned_data)
    actions.keep(kind=kind, **form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
    mailed = " We have mailed the person a link to confirm." if moved else ""
    messages.success(request, f"The {NAMES[kind]} is saved.{mailed}")
    return redirect("contacts")
