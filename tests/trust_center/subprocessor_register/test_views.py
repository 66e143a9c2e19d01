from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from trust_center.subprocessor_register import forms, queries
from trust_center.subprocessor_register.models import Listing
from trust_center.subprocessor_register.states import State

pytestmark = pytest.mark.usefixtures("content")
SignIn = Callable[[str], Client]
DESK = "/console/sub-processors/"


def form(code: str = "SP-02", **changes: str) -> dict[str, str]:
    latest = queries.newest(code)
    assert latest is not None
    start = forms.initial(latest, queries.wording_digest(latest))
    day = queries.earliest_effect(timezone.now()).isoformat()
    return {name: str(value) for name, value in start.items()} | {
        "effective_on": day,
        "reason": "A new contract",
        **changes,
    }


def test_the_editor_announces_a_replacement(sign_in: SignIn, stranger: Callable[[str], Client]) -> None:
    tess = sign_in("tess")
    saved = tess.post(f"{DESK}SP-02/edit/", form(vendor="Another Mail GmbH"), follow=True)
    assert b"The draft is saved" in saved.content
    asked = tess.get(f"{DESK}SP-02/publish/").content.decode()
    assert "Replacement of a sub-processor. Changed: vendor." in asked
    assert publish(tess).status_code == 302
    page = stranger("localhost").get("/sub-processors/").content.decode()
    assert "Announced: Email delivery provider" in page
    assert "Another Mail GmbH" not in page


def publish(client: Client) -> HttpResponse:
    """Press the button of the page as it stands."""
    page = client.get(f"{DESK}SP-02/publish/")
    return client.post(
        page.request["PATH_INFO"], {"reason": "A new contract", "seen": page.context["form"]["seen"].value()}
    )


def test_a_draft_that_changed_after_the_page_was_opened_is_not_published(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    tess.post(f"{DESK}SP-02/edit/", form(vendor="Another Mail GmbH"))
    seen = tess.get(f"{DESK}SP-02/publish/").context["form"]["seen"].value()
    tess.post(f"{DESK}SP-02/edit/", form(vendor="A third GmbH"))
    answer = tess.post(f"{DESK}SP-02/publish/", {"reason": "A new contract", "seen": seen})
    assert (answer.status_code, b"changed after you opened this page" in answer.content) == (422, True)


def test_a_new_entry_begins_as_a_draft(sign_in: SignIn) -> None:
    values = {**form(), "category": "Backup storage", "seen": ""}
    assert sign_in("tess").post(f"{DESK}new/", values)["Location"] == f"{DESK}SP-05/"
    assert Listing.objects.get(code="SP-05").state == State.DRAFT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vendor": ""}, "Enter vendor."),
        ({"purpose": "x" * 1001}, "at most 1000 characters"),
        ({"effective_on": "31.2.2027"}, "Enter a real date"),
        ({"effective_on": "9999-01-01"}, "Enter a date between 2000 and 2100."),
        ({"effective_on": ""}, "Enter a date."),
        ({"position": "0"}, "greater than or equal to 1"),
        ({"reason": "..."}, "Give a reason of at least 4 characters"),
        ({"vendor": "New", "seen": "0"}, "Somebody else changed this entry"),
    ],
)
def test_a_bad_edit_answers_422_and_loses_nothing(sign_in: SignIn, changes: dict[str, str], words: str) -> None:
    answer = sign_in("tess").post(f"{DESK}SP-02/edit/", form(location="Typed by hand", **changes))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert b"Typed by hand" in answer.content
    assert queries.in_state("SP-02", State.DRAFT) is None


def test_too_little_notice_is_told_on_the_page(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    soon = (timezone.now() + timedelta(days=3)).date().isoformat()
    tess.post(f"{DESK}SP-02/edit/", form(vendor="Another Mail GmbH", effective_on=soon))
    answer = publish(tess)
    assert (answer.status_code, b"at the earliest" in answer.content) == (422, True)


def test_a_change_is_called_off_and_an_entry_removed(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    tess.post(f"{DESK}SP-02/edit/", form(vendor="Another Mail GmbH"))
    publish(tess)
    assert tess.post(f"{DESK}SP-02/withdraw/", {"reason": "They objected"}).status_code == 302
    assert tess.post(f"{DESK}SP-02/withdraw/", {"reason": "They objected"}).status_code == 404
    assert tess.post(f"{DESK}SP-02/retire/", {"reason": "Contract ended"}).status_code == 302
    assert "SP-02" not in [row.code for row in queries.current()]


PATHS = [("", "view"), ("SP-02/", "view"), ("new/", "edit"), ("SP-02/edit/", "edit"), ("SP-02/retire/", "publish")]


def test_who_may_do_what(sign_in: SignIn, stranger: Callable[[str], Client]) -> None:
    roles = {"tess": {"view", "edit", "publish"}, "leo": {"view", "publish"}, "pat": {"view"}, "sup": set()}
    for person, rights in roles.items():
        client = sign_in(person)
        answers = {path: client.get(f"{DESK}{path}").status_code for path, _ in PATHS}
        assert answers == {path: 200 if right in rights else 403 for path, right in PATHS}, person
    assert {stranger("localhost").get(f"{DESK}{path}").status_code for path, _ in PATHS} == {302}
    assert {sign_in("ann").get(f"{DESK}{path}").status_code for path, _ in PATHS} == {404}


def test_an_entry_that_is_not_there_answers_404(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    for code in ("SP-99", "💣", "%00"):
        for act in ("", "edit/", "publish/", "discard/", "withdraw/", "retire/"):
            assert tess.get(f"{DESK}{code}/{act}").status_code in (400, 404)
