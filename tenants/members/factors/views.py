import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tenants.members.access import dangerous, enrolment, signed_in, too_many
from tenants.members.access_policies import queries as policies
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.actions import AccountRefused, TooManyAttempts
from tenants.members.accounts.models import User
from tenants.members.factors import actions, forms, presenters, queries
from tenants.members.factors.adapters.passkeys import PasskeyRefused
from tenants.members.factors.catalogue import CEREMONY_LIFE, WORDS, Kind
from tenants.members.factors.models import Factor
from tenants.members.sessions import actions as sessions
from tenants.members.sessions import queries as session_queries
from tenants.tenancy.queries import name_here, of_request

CEREMONY = "passkey ceremony"
REFUSED = (
    "The passkey could not be used: it must ask for your fingerprint, face or PIN, and answer within five minutes."
)
COLUMNS = [
    {"label": "Name"},
    {"label": "Kind"},
    {"label": "State"},
    {"label": "Set up"},
    {"label": "Last used"},
    {"label": "Change", "hidden": True},
]


@signed_in
@enrolment
@require_safe
def signing(request: HttpRequest) -> HttpResponse:
    """Every second factor of one's own; and whether one may sign, and why not."""
    user, now = accounts.signed_in(request), timezone.now()
    door = session_queries.door_of(request)
    values = {
        "columns": COLUMNS,
        "now": now,
        "tz": of_request(request).time_zone,
        "first_of_all": policies.second_is_required(user) and door is not None and door.second_at is None,
        **presenters.standing(user, now),
    }
    return render(request, "tenants/factors/signing.html", values)


@signed_in
@enrolment
@dangerous
@require_http_methods(["GET", "POST"])
def add_authenticator(request: HttpRequest) -> HttpResponse:
    user = accounts.signed_in(request)
    form = forms.Add(_posted(request), **_asks(user))
    if form.is_valid():
        try:
            actions.begin_authenticator(user, **_said(form), now=timezone.now())
        except AccountRefused as refused:
            form.add_error(refused.field, str(refused))
        except TooManyAttempts as refused:
            return too_many(request, refused.seconds)
        else:
            return redirect("authenticator-confirm")
    return _page(request, "add_authenticator.html", form)


@signed_in
@enrolment
@dangerous
@never_cache
@require_http_methods(["GET", "POST"])
def confirm_authenticator(request: HttpRequest) -> HttpResponse:
    """The picture and the secret, and the code that shows that the app has them."""
    user, now = accounts.signed_in(request), timezone.now()
    factor = queries.begun(user, now)
    if factor is None:
        messages.info(request, "Begin again: an app is set up within half an hour.")
        return redirect("authenticator-add")
    form = forms.Confirm(_posted(request))
    if form.is_valid():
        try:
            enrolled = actions.confirm_authenticator(user, factor, code=form.cleaned_data["code"], now=now)
        except AccountRefused as refused:
            form.add_error(refused.field, str(refused))
        except TooManyAttempts as refused:
            return too_many(request, refused.seconds)
        else:
            return _set_up(request, enrolled)
    shown = presenters.set_up(factor, issuer=name_here(), account=user.email)
    return _page(request, "confirm_authenticator.html", form, factor=factor, **shown)


@signed_in
@enrolment
@dangerous
@require_http_methods(["GET", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Who one is, and the name; then the browser makes the passkey."""
    user, now = accounts.signed_in(request), timezone.now()
    form = forms.Add(_posted(request), **_asks(user))
    if form.is_valid():
        challenge = secrets.token_bytes(32)
        try:
            options = actions.begin_passkey(user, **_said(form), challenge=challenge, now=now)
        except AccountRefused as refused:
            form.add_error(refused.field, str(refused))
        except TooManyAttempts as refused:
            return too_many(request, refused.seconds)
        else:
            _remember(request, challenge, now, what="register", name=form.cleaned_data["name"], options=options)
            return redirect("passkey-register")
    return _page(request, "add_passkey.html", form)


@signed_in
@enrolment
@dangerous
@never_cache
@require_http_methods(["GET", "POST"])
def register_passkey(request: HttpRequest) -> HttpResponse:
    user, now = accounts.signed_in(request), timezone.now()
    begun = _remembered(request, now, what="register")
    if begun is None:
        messages.info(request, "Begin again: a passkey is made within five minutes.")
        return redirect("passkey-add")
    form = forms.Register(_posted(request))
    if form.is_valid():
        request.session.pop(CEREMONY)
        try:
            enrolled = actions.register_passkey(
                user,
                name=begun["name"],
                response=form.cleaned_data["passkey"],
                challenge=bytes.fromhex(begun["challenge"]),
                now=now,
            )
        except (PasskeyRefused, AccountRefused):
            messages.error(request, REFUSED)
            return redirect("passkey-add")
        return _set_up(request, enrolled)
    return _page(request, "register_passkey.html", form, called=begun["name"], options=json.dumps(begun["options"]))


@signed_in
@dangerous
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, factor_id: UUID) -> HttpResponse:
    user = accounts.signed_in(request)
    factor = _own(user, factor_id)
    form = forms.Remove(_posted(request), asks_code=queries.asks_code(user))
    if form.is_valid():
        try:
            actions.remove(user, factor, **{"code": "", **form.cleaned_data}, now=timezone.now())
        except AccountRefused as refused:
            form.add_error(refused.field, str(refused))
        except TooManyAttempts as refused:
            return too_many(request, refused.seconds)
        else:
            messages.success(request, f"{factor.name} is removed and counts no more.")
            return redirect("signing")
    last = len(queries.factors_of(user)) == 1
    return _page(request, "remove.html", form, factor=factor, kind=WORDS[Kind(factor.kind)], last=last)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def test(request: HttpRequest, factor_id: UUID) -> HttpResponse:
    """The periodic test of one's own (§11.300(e))."""
    user, now = accounts.signed_in(request), timezone.now()
    factor = _own(user, factor_id)
    if factor.kind == Kind.PASSKEY:
        return _test_passkey(request, user, factor, now)
    form = forms.Confirm(_posted(request))
    if form.is_valid():
        try:
            actions.test_authenticator(user, factor, code=form.cleaned_data["code"], now=now)
        except AccountRefused as refused:
            form.add_error(refused.field, str(refused))
        except TooManyAttempts as refused:
            return too_many(request, refused.seconds)
        else:
            return _tested(request, factor)
    return _page(request, "test.html", form, factor=factor)


@signed_in
@enrolment
@dangerous
@never_cache
@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    user = accounts.signed_in(request)
    form = forms.Renew(_posted(request), **_asks(user))
    if form.is_valid():
        try:
            said = {"password": "", "code": "", **form.cleaned_data}
            codes = actions.renew_recovery_codes(user, **said, now=timezone.now())
        except AccountRefused as refused:
            form.add_error(refused.field, str(refused))
        except TooManyAttempts as refused:
            return too_many(request, refused.seconds)
        else:
            return render(request, "tenants/factors/codes.html", {"codes": codes, "heading": "New recovery codes"})
    return _page(request, "recovery_codes.html", form, has_factor=bool(queries.factors_of(user)))


def _test_passkey(request: HttpRequest, user: User, factor: Factor, now: datetime) -> HttpResponse:
    form = forms.Register(_posted(request))
    if form.is_valid():
        asked = _remembered(request, now, what="test")
        request.session.pop(CEREMONY, None)
        try:
            actions.test_passkey(
                user,
                factor,
                response=form.cleaned_data["passkey"],
                challenge=bytes.fromhex(asked["challenge"]) if asked else secrets.token_bytes(32),
                now=now,
            )
        except PasskeyRefused:
            form.add_error(None, REFUSED)
        else:
            return _tested(request, factor)
    challenge = secrets.token_bytes(32)
    options = actions.begin(user, challenge)
    _remember(request, challenge, now, what="test")
    return _page(request, "test_passkey.html", form, factor=factor, options=json.dumps(options))


def _tested(request: HttpRequest, factor: Factor) -> HttpResponse:
    messages.success(request, f"{factor.name} works, and counts for another 12 months.")
    return redirect("signing")


def _set_up(request: HttpRequest, enrolled: actions.Enrolled) -> HttpResponse:
    """With the first factor come the recovery codes, which are shown in this answer and never again."""
    # What was just set up was just shown: whoever had to do it first goes on (ASVS 6.3.3).
    sessions.note_second(request, second=enrolled.factor.kind, now=timezone.now())
    done = f"{enrolled.factor.name} is set up."
    if not enrolled.recovery_codes:
        messages.success(request, f"{done} It counts from now on.")
        return redirect("signing")
    return render(request, "tenants/factors/codes.html", {"codes": enrolled.recovery_codes, "heading": done})


def _asks(user: User) -> dict[str, bool]:
    """Nobody is asked for what they do not have: what they do have they showed a moment ago."""
    return {"asks_code": queries.asks_code(user), "asks_password": user.has_usable_password()}


def _own(user: User, factor_id: UUID) -> Factor:
    factor = queries.own(user, factor_id)
    if factor is None:
        raise Http404
    return factor


def _said(form: forms.Add) -> dict[str, str]:
    """What was not asked is empty."""
    return {"code": "", "password": "", **form.cleaned_data}


def _remember(request: HttpRequest, challenge: bytes, now: datetime, *, what: str, **more: Any) -> None:
    request.session[CEREMONY] = {"what": what, "challenge": challenge.hex(), "at": now.isoformat(), **more}


def _remembered(request: HttpRequest, now: datetime, *, what: str) -> dict[str, Any] | None:
    found = request.session.get(CEREMONY)
    if not found or found["what"] != what:
        return None
    age = now - datetime.fromisoformat(found["at"])
    return found if timedelta(0) <= age <= CEREMONY_LIFE else None


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(request: HttpRequest, name: str, form: Any, **values: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, f"tenants/factors/{name}", {"form": form, **values}, status=status)
