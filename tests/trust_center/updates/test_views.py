from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from tenants.members.outbox import actions as outbox
from tenants.members.outbox.models import Email
from trust_center.updates import actions, queries
from trust_center.updates.models import Subscription
from trust_center.updates.states import REQUESTS_AN_ADDRESS, State, Topic

pytestmark = pytest.mark.usefixtures("platform")
FORM = "/sub-processors/subscribe/"
ONE_CLICK = {"List-Unsubscribe", "List-Unsubscribe-Post"}


@pytest.fixture
def eva(stranger: Callable[[str], Client]) -> Client:
    return stranger("localhost")


def filled(email: str = "eva@example.com", **changes: str) -> dict[str, str]:
    """As somebody sends it who wrote for a minute."""
    return {"email": email, "opened": queries.form_stamp(timezone.now() - timedelta(minutes=1)), **changes}


def mailed_path(marker: str) -> str:
    """The path of the link of this kind in the newest mail."""
    body = Email.objects.select_related("subject_key").latest("created_at").body
    return f"/sub-processors/{marker}{body.split(marker)[1].split()[0]}"


def test_the_whole_way_from_form_to_mail_and_out_again(eva: Client) -> None:
    assert eva.post(FORM, filled())["Location"] == f"{FORM}sent/"
    link = mailed_path("subscribe/confirm/")
    assert b"Subscribe to changes?" in eva.get(link).content
    assert Subscription.objects.get().state == State.PENDING, "a program that follows links subscribes nobody"
    assert b"You are subscribed" in eva.post(link).content
    assert eva.post(link).status_code == 404
    out = mailed_path("unsubscribe/")
    assert b"Unsubscribe?" in eva.get(out).content
    assert Subscription.objects.get().state == State.CONFIRMED
    assert b"Your address is erased" in eva.post(out).content
    assert Subscription.objects.get().state == State.ENDED
    assert b"Your address is erased" in eva.post(out).content


def test_a_mail_program_unsubscribes_with_one_press(eva: Client, mailoutbox: list[EmailMessage]) -> None:
    """As RFC 8058 describes it: no cookie, no form, whatever the header named."""
    eva.post(FORM, filled())
    eva.post(mailed_path("subscribe/confirm/"))
    actions.announce(topic=Topic.SUBPROCESSORS, title="New", text="New.", path="/sub-processors/", now=timezone.now())
    actions.tell(timezone.now())
    outbox.deliver_due(timezone.now())
    assert [len(mail.extra_headers.keys() & ONE_CLICK) for mail in mailoutbox] == [2, 2]
    headers = mailoutbox[-1].message()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")
    assert address.startswith("http://localhost:8000/sub-processors/unsubscribe/")
    program = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    path = address.removeprefix("http://localhost:8000")
    assert program.post(path, {"List-Unsubscribe": "Two-Clicks"}).status_code == 403
    assert Subscription.objects.get().state == State.CONFIRMED
    body = "List-Unsubscribe=One-Click"
    assert program.post(path, body, content_type="application/x-www-form-urlencoded").status_code == 200
    assert Subscription.objects.get().state == State.ENDED
    assert program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert program.post(f"{path[:-2]}x/", {"List-Unsubscribe": "One-Click"}).status_code == 404


def test_a_known_address_gets_the_same_answer_as_a_new_one(eva: Client) -> None:
    first = eva.post(FORM, filled(), follow=True)
    second = eva.post(FORM, filled(), follow=True)
    assert (first.content, first.redirect_chain) == (second.content, second.redirect_chain)
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Enter your e-mail address."),
        ("eva", "in the form name@example.com"),
        ("eva@example", "in the form name@example.com"),
        ("<script>@example.com", "in the form name@example.com"),
        ("'; DROP TABLE x; --", "in the form name@example.com"),
        ("😀@example.com", "in the form name@example.com"),
        (f"{'x' * 300}@example.com", "longer than 254"),
        ("a@example.com\nBcc: b@example.com", "in the form name@example.com"),
        ("nul\x00@example.com", "Null characters are not allowed."),
    ],
)
def test_an_address_that_is_none_answers_422(eva: Client, email: str, words: str) -> None:
    answer = eva.post(FORM, filled(email))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert Subscription.objects.count() == 0


def test_a_form_faster_than_a_person_is_refused_and_can_be_sent_again(eva: Client) -> None:
    answer = eva.post(FORM, filled(opened=queries.form_stamp(timezone.now())))
    assert (answer.status_code, b"eva@example.com" in answer.content) == (422, True)
    assert b"faster than a person writes" in answer.content
    assert Subscription.objects.count() == 0


@pytest.mark.parametrize("stamp", ["", "yesterday", "1:2:3"])
def test_a_stamp_that_is_not_ours_is_refused(eva: Client, stamp: str) -> None:
    assert eva.post(FORM, filled(opened=stamp)).status_code == 422
    assert Subscription.objects.count() == 0


def test_a_program_that_fills_in_everything_thinks_it_succeeded(eva: Client) -> None:
    assert eva.post(FORM, filled(website="http://spam.example"))["Location"] == f"{FORM}sent/"
    assert (Subscription.objects.count(), Email.objects.count()) == (0, 0)


def test_many_requests_from_one_network_address_answer_429(eva: Client) -> None:
    answers = [eva.post(FORM, filled(f"p{n}@example.com")).status_code for n in range(REQUESTS_AN_ADDRESS + 2)]
    assert answers == [302] * REQUESTS_AN_ADDRESS + [429, 429]
    assert Subscription.objects.count() == REQUESTS_AN_ADDRESS


@pytest.mark.parametrize("path", ["subscribe/confirm/nonsense/", "unsubscribe/nonsense/", "subscribe/confirm/%00/"])
def test_a_link_that_is_not_ours_answers_404(eva: Client, path: str) -> None:
    assert [eva.get(f"/sub-processors/{path}").status_code, eva.post(f"/sub-processors/{path}").status_code] == [
        404
    ] * 2


def test_the_form_needs_its_token(stranger: Callable[[str], Client]) -> None:
    strict = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    assert strict.post(FORM, filled()).status_code == 403
    assert Subscription.objects.count() == 0


def test_the_form_is_never_kept_by_a_cache(eva: Client) -> None:
    assert "no-store" in eva.get(FORM)["Cache-Control"]
