from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from audit.middleware import address_of
from tenants.members.access import public_door
from trust_center.updates import actions, forms, queries
from trust_center.updates.adapters import limits
from trust_center.updates.states import REQUEST_WINDOW, REQUESTS_AN_ADDRESS

FORM = "trust_center/updates/subscribe.html"
SAID = "trust_center/updates/said.html"


@public_door
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.method != "POST":
        return _show(request, forms.Subscribe(now=now, initial={"opened": queries.form_stamp(now)}), now)
    if limits.exceeded("subscribe", address_of(request), most=REQUESTS_AN_ADDRESS, within=REQUEST_WINDOW):
        return render(request, "429.html", {"retry_after": int(REQUEST_WINDOW.total_seconds())}, status=429)
    form = forms.Subscribe(request.POST, now=now)
    if form.is_trapped:
        return redirect("subscription-sent")
    if not form.is_valid():
        return _show(request, form, now, status=422)
    actions.subscribe(email=form.cleaned_data["email"], every_change=form.cleaned_data["every_change"], now=now)
    return redirect("subscription-sent")


@public_door
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same for every address, known or not: the page tells nobody who subscribed."""
    return _say(request, "Confirm your subscription", "We sent you a mail. Open the link in it within 7 days.")


@public_door
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Asks once more: programs that scan mail open links, but press no button."""
    now = timezone.now()
    if request.method != "POST":
        if queries.by_confirm_token(token, now) is None:
            return _link_refused(request)
        return _ask(request, "Subscribe to changes?", "You get a mail whenever a sub-processor changes.", "Subscribe")
    try:
        actions.confirm(token, now=now)
    except actions.TokenRefused:
        return _link_refused(request)
    return _say(request, "You are subscribed", "Each mail carries a link to unsubscribe.")


@public_door
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of each mail; a mail program posts there by itself, without a form (RFC 8058)."""
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return _unsubscribed(request, token)
    return _on_the_page(request, token)


@csrf_protect
def _on_the_page(request: HttpRequest, token: str) -> HttpResponse:
    if request.method != "POST":
        if queries.by_unsubscribe_token(token) is None:
            return _link_refused(request)
        return _ask(request, "Unsubscribe?", "We erase your address and send you no more mails.", "Unsubscribe")
    return _unsubscribed(request, token)


def _unsubscribed(request: HttpRequest, token: str) -> HttpResponse:
    try:
        actions.unsubscribe(token, now=timezone.now())
    except actions.TokenRefused:
        return _link_refused(request)
    return _say(request, "You are unsubscribed", "Your address is erased.")


def _show(request: HttpRequest, form: forms.Subscribe, now: datetime, status: int = 200) -> HttpResponse:
    if form.is_bound:
        # A fresh stamp, so that sending the corrected form is not refused for its age.
        form.data = {**form.data.dict(), "opened": queries.form_stamp(now)}  # type: ignore[attr-defined]
    return render(request, FORM, {"form": form}, status=status)


def _say(request: HttpRequest, heading: str, text: str, status: int = 200) -> HttpResponse:
    return render(request, SAID, {"heading": heading, "text": text}, status=status)


def _ask(request: HttpRequest, heading: str, text: str, label: str) -> HttpResponse:
    return render(request, "trust_center/updates/ask.html", {"heading": heading, "text": text, "label": label})


def _link_refused(request: HttpRequest) -> HttpResponse:
    return _say(
        request,
        "This link does not work any more",
        "It was used already, is too old, or is not complete. You can subscribe again.",
        status=404,
    )
