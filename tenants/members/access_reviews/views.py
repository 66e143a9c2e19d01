from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.signed_records import queries as signed_records
from audit.transitions import MoveRefused
from tenants.members.access import dangerous, may
from tenants.members.access_reviews import actions, forms, presenters, queries
from tenants.members.access_reviews.models import AccessReview
from tenants.members.access_reviews.states import Decision, State
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import signed_in
from tenants.members.roles.actions import RoleRefused
from tenants.members.signature_form import step
from tenants.tenancy.queries import of_request

A_PAGE = 25
PEOPLE_ON_A_PAGE = 100
KEPT = "Looked through and left as it is"


@may("members.review_access")
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = Paginator(queries.reviews(), A_PAGE).get_page(request.GET.get("page"))
    values = {
        "page": page,
        "rows": [presenters.summary(review, now) for review in page.object_list],
        "opens_at": queries.opens_at(),
        "now": now,
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/access_reviews/list.html", values)


@may("members.review_access")
@require_http_methods(["GET", "POST"])
def open_now(request: HttpRequest) -> HttpResponse:
    """Before the 180 days are over, for example after people have left."""
    form = forms.Open(_posted(request))
    if form.is_valid():
        review = actions.open_review(**form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
        messages.success(request, "The review is open.")
        return redirect("access-review", pk=review.pk)
    confirm = {
        "heading": "Open a review of access",
        "text": "A review is open already. It is signed off before the next one opens." if queries.running() else "",
        "submit_label": "Open the review",
        "consequences": [
            "Who may do what is written down as it is now, with tokens and visits of Complere's staff.",
            "Whoever reviews access here is told by mail. They decide on everybody within 30 days.",
        ],
        "back_url": reverse("access-reviews"),
        "back_label": "Access reviews",
    }
    return _answer(request, "desk/confirm.html", form, confirm=confirm)


@may("members.review_access")
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everybody in the review; sent, it leaves those ticked as they are."""
    found, viewer = _review(pk), signed_in(request)
    rows = presenters.rows(found, viewer)
    page = Paginator(rows, PEOPLE_ON_A_PAGE).get_page(request.GET.get("page"))
    choices = [(row.line.person, row.line.person) for row in page.object_list if not row.own]
    form = forms.Keep(_posted(request), people=choices)
    if form.is_valid():
        people = [UUID(one) for one in form.cleaned_data["people"]]
        try:
            actions.keep(found, people=people, actor=viewer.actor, now=timezone.now(), reason=KEPT)
        except actions.ReviewRefused as refused:
            form.add_error("people", str(refused))
        else:
            messages.success(request, f"{len(people)} {'person is' if len(people) == 1 else 'people are'} kept.")
            return redirect("access-review", pk=pk)
    return _answer(request, "tenants/access_reviews/detail.html", form, page=page, **_shown(request, found, rows))


@may("members.review_access")
@require_http_methods(["GET", "POST"])
@dangerous
def decide(request: HttpRequest, pk: UUID, person_id: UUID) -> HttpResponse:
    found, person, viewer = _review(pk), get_object_or_404(User, pk=person_id), signed_in(request)
    row = next((row for row in presenters.rows(found, viewer) if row.line.person == str(person_id)), None)
    if row is None:
        return redirect("access-review", pk=pk)
    form = forms.Decide(
        _posted(request), initial={"roles": person.role_keys}, manages=viewer.has_perm("members.manage_people")
    )
    if form.is_valid() and _decided(form, found, person, viewer):
        messages.success(request, f"Decided on {person.full_name}.")
        return redirect("access-review", pk=pk)
    return _answer(
        request, "tenants/access_reviews/decide.html", form, review=found, row=row, tz=of_request(request).time_zone
    )


@may("members.review_access")
@require_http_methods(["GET", "POST"])
def sign_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    found, now = _review(pk), timezone.now()
    if found.state != State.OPEN:
        raise MoveRefused("This review is signed off.")
    form = forms.SignOff(_posted(request), signs=step(request, found, to=State.SIGNED_OFF, now=now))
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("note", "reason")}
        with form.refusals(actions.ReviewRefused):
            signing = form.signing(now=now)
            actions.sign_off(found, **said, signing=signing, actor=signed_in(request).actor, now=now)
            messages.success(request, "The review is signed off. The next one opens in 180 days.")
            return redirect("access-review", pk=pk)
    shown = _shown(request, found, presenters.rows(found, signed_in(request)))
    return _answer(request, "tenants/access_reviews/sign_off.html", form, **shown)


@may("members.review_access")
@require_safe
def file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The signed review as CSV."""
    found = _review(pk)
    if found.state != State.SIGNED_OFF:
        raise MoveRefused("This review is not signed off yet: there is nothing final to take away.")
    text = "".join(presenters.csv_lines(found, signed_records.of(found)))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="access-review-{found.opened_at:%Y-%m-%d}.csv"'
    return response


def _decided(form: forms.Decide, review: AccessReview, person: User, viewer: User) -> bool:
    said = form.cleaned_data
    try:
        actions.decide(
            review,
            person=person.pk,
            decision=Decision(said["decision"]),
            roles_after=said.get("roles", []),
            actor=viewer.actor,
            now=timezone.now(),
            reason=said["reason"],
        )
    except (actions.ReviewRefused, RoleRefused) as refused:
        form.add_error("decision", str(refused))
        return False
    return True


def _review(pk: UUID) -> AccessReview:
    return get_object_or_404(AccessReview, pk=pk)


def _shown(request: HttpRequest, found: AccessReview, rows: list[presenters.Row]) -> dict[str, Any]:
    """What every page of a review tells."""
    now = timezone.now()
    is_open = found.state == State.OPEN
    alone = queries.sole_reviewer() if is_open else ""
    return {
        "review": found,
        "summary": presenters.summary(found, now),
        "is_open": is_open,
        "waiting": sum(not row.settled and row.line.person != alone for row in rows),
        "joined": queries.joined_since(found) if is_open else 0,
        "machines": presenters.machine_rows(found),
        "visits": presenters.visit_rows(found),
        "signatures": [] if is_open else signed_records.of(found),
        "may_read_history": request.user.has_perm("audit.view_history"),
        "now": now,
        "tz": of_request(request).time_zone,
    }


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _answer(request: HttpRequest, template: str, form: Any, **values: Any) -> HttpResponse:
    return render(request, template, {"form": form, **values}, status=422 if form.is_bound else 200)
