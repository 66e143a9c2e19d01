from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.context import current_request
from tenants.members import browsers
from tenants.members.access import enrolment, public_door, signed_in, too_many
from tenants.members.accounts import actions as accounts
from tenants.members.accounts import forms as account_forms
from tenants.members.accounts import queries as people
from tenants.members.entrance import actions, forms, presenters, queries
from tenants.members.entrance.catalogue import Purpose
from tenants.members.factors.adapters.passkeys import PasskeyRefused
from tenants.members.identity_providers import queries as providers
from tenants.members.sessions import queries as sessions
from tenants.members.sessions.catalogue import Method
from tenants.tenancy.queries import of_request

NO_MATCH = "Address and password do not match. After several tries, wait a few minutes or set a new password."
NO_PASSKEY = "This passkey opens nothing here. Try again, or sign in another way."
NO_SECOND = "This does not hold. Enter the code of this moment, or one not used before."
NO_PROOF = "The passkey was not taken. Try again, or go another way."
AGAIN = "Begin again: both steps are taken within ten minutes."


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The first step, by password."""
    wanted = request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(actions.way_on(wanted))
    form = account_forms.SignIn(_posted(request), initial={"next": wanted})
    if not form.is_valid():
        return _sign_in_page(request, form)
    now = timezone.now()
    try:
        user = accounts.sign_in(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            address=current_request().address,
            browser=browsers.known(request),
            only=queries.let_in_by_password(),
            now=now,
        )
    except accounts.SignInRefused:
        form.add_error(None, NO_MATCH)
        return _sign_in_page(request, form)
    except accounts.TooManyAttempts as refused:
        return too_many(request, refused.seconds)
    return actions.admit(request, user, method=Method.PASSWORD, now=now, next=form.cleaned_data["next"])


@public_door
@never_cache
@require_POST
def sign_in_with_passkey(request: HttpRequest) -> HttpResponse:
    """Both steps at once."""
    form, shown = forms.WithPasskey(request.POST), account_forms.SignIn()
    wanted = request.POST.get("key-next", "")
    if form.is_valid():
        try:
            return actions.enter_by_passkey(
                request, answer=form.cleaned_data["passkey"], wanted=wanted, now=timezone.now()
            )
        except accounts.SignInRefused:
            pass
        except accounts.TooManyAttempts as refused:
            return too_many(request, refused.seconds)
    shown = account_forms.SignIn(initial={"next": wanted})
    return _sign_in_page(request, shown, refused=NO_PASSKEY)


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Password or identity provider held; now what only this person has (ASVS 6.3.3)."""
    now = timezone.now()
    found = queries.pending(request, now)
    if found is None:
        return _begin_again(request)
    ways = queries.ways_of_second(found.user)
    by_passkey = request.method == "POST" and "key-passkey" in request.POST
    form = forms.SecondStep(None if by_passkey else _posted(request), ways=ways)
    key = forms.WithPasskey(request.POST if by_passkey else None)
    try:
        if by_passkey and key.is_valid():
            return actions.show_passkey(request, answer=key.cleaned_data["passkey"], now=now)
        if form.is_valid() and ways.any_code:
            return actions.show_code(request, code=form.cleaned_data["code"], now=now)
    except actions.SecondRefused:
        (key if by_passkey else form).add_error(None if by_passkey else "code", NO_SECOND)
    except accounts.TooManyAttempts as refused:
        return too_many(request, refused.seconds)
    except actions.NothingPending:
        return _begin_again(request)
    values = {
        "form": key if by_passkey else form, "code_form": form, "key_form": key, "ways": ways, "demo": settings.DEMO,
    }  # fmt: skip
    return render(request, "tenants/entrance/second_step.html", values, status=_status(request))


@signed_in
@enrolment
@never_cache
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Who sits here now? Asked before what an open session alone does not allow (ASVS 7.5.1)."""
    user, now = people.signed_in(request), timezone.now()
    wanted = _wanted(request)
    ways = queries.ways_of_proof(user, sessions.door_of(request))
    by_passkey = request.method == "POST" and "key-passkey" in request.POST
    form = forms.Prove(None if by_passkey else _posted(request), ways=ways, initial={"next": wanted})
    key = forms.WithPasskey(request.POST if by_passkey else None, initial={"next": wanted})
    try:
        if by_passkey and key.is_valid():
            actions.prove_by_passkey(request, user, answer=key.cleaned_data["passkey"], now=now)
            return redirect(actions.way_on(wanted))
        if ways.password and form.is_valid():
            said = {"code": "", **form.cleaned_data}
            actions.prove_by_password(request, user, password=said["password"], code=said["code"], now=now)
            return redirect(actions.way_on(wanted))
    except PasskeyRefused:
        key.add_error(None, NO_PROOF)
    except accounts.AccountRefused as refused:
        form.add_error(refused.field, str(refused))
    except accounts.TooManyAttempts as refused:
        return too_many(request, refused.seconds)
    values = {
        "form": key if by_passkey else form, "proof_form": form, "key_form": key, "ways": ways, "person": user,
        "demo": settings.DEMO, "provider_url": _provider_url(ways, wanted),
    }  # fmt: skip
    return render(request, "tenants/entrance/prove.html", values, status=_status(request))


@public_door
@never_cache
@require_POST
def passkey_challenge(request: HttpRequest) -> HttpResponse:
    """What the browser asks a passkey to sign: for whoever is signed in, whose second step is due, or anybody."""
    now = timezone.now()
    purpose, user = Purpose.SIGN_IN, None
    if request.user.is_authenticated:
        purpose, user = Purpose.PROVE, people.signed_in(request)
    elif request.POST.get("seen") != Purpose.SIGN_IN and (found := queries.pending(request, now)) is not None:
        purpose, user = Purpose.SECOND, found.user
    try:
        return JsonResponse(actions.ask_passkey(request, purpose, user, now=now))
    except accounts.TooManyAttempts as refused:
        answer = JsonResponse({"reason": "Too many tries. Wait a few minutes, or go another way."}, status=429)
        answer["Retry-After"] = str(refused.seconds)
        return answer


@public_door
@enrolment
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    door = sessions.door_of(request) if request.user.is_authenticated else None
    logout(request)
    response = redirect(actions.way_out(door, now=timezone.now()))
    # What the browser kept of the workspace goes too (ASVS 14.3.1).
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def ask_for_reset(request: HttpRequest) -> HttpResponse:
    form = account_forms.AskForReset(_posted(request))
    if not form.is_valid():
        return render(request, "tenants/entrance/ask_for_reset.html", {"form": form}, status=_status(request))
    try:
        accounts.request_password_reset(
            email=form.cleaned_data["email"],
            address=current_request().address,
            only=queries.let_in_by_password(),
            now=timezone.now(),
        )
    except accounts.TooManyAttempts as refused:
        return too_many(request, refused.seconds)
    return redirect("password-reset-sent")


@public_door
@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/entrance/reset_sent.html")


def _sign_in_page(request: HttpRequest, form: account_forms.SignIn, *, refused: str = "") -> HttpResponse:
    wanted = form["next"].value() or ""
    values = {
        "form": form,
        "key_form": forms.WithPasskey(initial={"next": wanted}),
        "refused": refused,
        "ended": "" if form.is_bound or refused else presenters.why_ended(request.GET.get("ended", "")),
        "providers": _providers(wanted),
        "provider_first": queries.let_in_by_password() is not None,
        "tenant": of_request(request),
        "platform_origin": settings.PLATFORM_ORIGIN,
    }
    return render(request, "tenants/entrance/sign_in.html", values, status=422 if form.is_bound or refused else 200)


def _providers(wanted: str) -> list[dict[str, str]]:
    said = urlencode({"purpose": "sign_in", "next": wanted})
    return [{"name": one.name, "url": f"{reverse('sso-start', args=[one.pk])}?{said}"} for one in providers.offered()]


def _provider_url(ways: queries.Ways, wanted: str) -> str:
    said = urlencode({"purpose": "prove", "next": wanted})
    return f"{reverse('sso-start', args=[ways.provider])}?{said}" if ways.provider else ""


def _begin_again(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    messages.info(request, AGAIN)
    return redirect("sign-in")


def _wanted(request: HttpRequest) -> str:
    """Where the person was on the way to; by any form of the page, or by its address."""
    return request.POST.get("next") or request.POST.get("key-next") or request.GET.get("next", "")


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is empty; None makes a form that was not sent yet."""
    return request.POST if request.method == "POST" else None


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200
