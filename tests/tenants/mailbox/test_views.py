"""The demonstration's mailbox, read over HTTP after the product's own backend wrote it."""

import os
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import include, path

from tenants.mailbox import queries
from tenants.mailbox.adapters import MailboxBackend

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__), pytest.mark.usefixtures("mailbox")]
SENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

# The routes of a demo; the suite itself runs with production's.
urlpatterns = [path("demo/mail/", include("tenants.mailbox.urls"))]


@pytest.fixture
def mailbox(tmp_path: Path, settings, platform) -> Path:
    settings.MAILBOX_DIR = tmp_path / "mail"
    settings.PUBLIC_SCHEMA_URLCONF = __name__
    return settings.MAILBOX_DIR


@pytest.fixture
def browser(stranger) -> Client:
    return stranger("localhost")


def send(
    number: int = 0, *, to: str = "ann@acme.example", subject: str = "", body: str = "Hello", **headers: str
) -> str:
    """One mail, `number` minutes after nine; returns its page."""
    at = SENT + timedelta(minutes=number)
    headers = {"Message-ID": f"<{number}-{to}@test>", "Date": format_datetime(at), **headers}
    mail = EmailMessage(subject=subject or f"Mail {number}", body=body, to=[to], headers=headers)
    MailboxBackend().send_messages([mail])
    newest = max(Path(queries.settings.MAILBOX_DIR).glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    os.utime(newest, (at.timestamp(), at.timestamp()))
    return f"/demo/mail/{newest.stem}/"


def subjects(page) -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]+>([^<]*)</a>', page.content.decode())


def test_an_empty_mailbox_says_so_even_before_its_folder_exists(browser):
    page = browser.get("/demo/mail/")
    assert (page.status_code, "No mail yet" in page.content.decode()) == (200, True)


def test_mails_are_listed_newest_first_with_recipient_and_time(browser):
    for number in range(3):
        send(number)
    page = browser.get("/demo/mail/")
    assert subjects(page) == ["Mail 2", "Mail 1", "Mail 0"]
    assert "ann@acme.example" in page.content.decode()
    assert "Mon 2 Mar 2026, 09:02:00 UTC" in page.content.decode()


def test_the_list_is_narrowed_to_a_recipient(browser):
    send(0)
    send(1, to="Dov@globex.example")
    assert subjects(browser.get("/demo/mail/?to=dov@GLOBEX")) == ["Mail 1"]
    assert "No mail to this recipient" in browser.get("/demo/mail/?to=nobody").content.decode()


def test_the_page_says_that_it_is_shared_and_for_the_demonstration_only(browser):
    text = browser.get("/demo/mail/").content.decode()
    assert "Everybody can read this" in text
    assert "mail of all tenants" in text


def test_links_in_a_mail_can_be_followed_and_leave_punctuation_out(browser):
    page = browser.get(send(body="Open http://acme.localhost:8000/welcome/abc?x=1&y=2.\nThank you")).content.decode()
    link = "http://acme.localhost:8000/welcome/abc?x=1&amp;y=2"
    assert f'<a href="{link}" rel="noopener">{link}</a>.<br>' in page


def test_html_in_a_mail_is_shown_and_never_run(browser):
    hostile = '<script>alert(1)</script> http://x.example/"onmouseover="alert(1) javascript:alert(1)'
    page = browser.get(send(subject="<b>bold</b>", body=hostile)).content.decode()
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert re.findall(r'<a href="([^"]*)" rel="noopener">', page) == ["http://x.example/"]


def test_headers_are_shown(browser):
    page = browser.get(send(**{"Auto-Submitted": "auto-generated"})).content.decode()
    assert "<dt>Auto-Submitted</dt><dd><code>auto-generated</code>" in page


def test_a_mail_sent_twice_is_one_mail(browser):
    send(0)
    send(0)
    assert subjects(browser.get("/demo/mail/")) == ["Mail 0"]


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"To: a@b.c\n", b"half a mail"])
def test_a_half_written_or_foreign_file_is_passed_over(browser, mailbox, content):
    send(0)
    (mailbox / f"{'a' * 32}.eml").write_bytes(content)
    (mailbox / "notes.eml").write_text("From: x@y.z\nTo: x@y.z\n\nhello")
    (mailbox / f".{'b' * 32}.new").write_text("From: x@y.z\nTo: x@y.z\n\nhello")
    assert subjects(browser.get("/demo/mail/")) == ["Mail 0"]
    assert subjects(browser.get("/demo/mail/?to=ann")) == ["Mail 0"]
    assert browser.get(f"/demo/mail/{'a' * 32}/").status_code == 404


@pytest.mark.parametrize("charset", ["iso-8859-1", "no-such-charset"])
def test_a_mail_in_any_character_set_opens(browser, mailbox, charset):
    mailbox.mkdir()
    mail = (
        f"From: a@b.c\nTo: d@e.f\nSubject: x\nContent-Type: text/plain; charset={charset}\n\nGr".encode() + b"\xfc\xdfe"
    )
    (mailbox / f"{'c' * 32}.eml").write_bytes(mail)
    page = browser.get(f"/demo/mail/{'c' * 32}/")
    assert (page.status_code, "Gr" in page.content.decode()) == (200, True)


def test_a_large_mailbox_opens_page_by_page(browser):
    for number in range(120):
        send(number)
    first, last = browser.get("/demo/mail/"), browser.get("/demo/mail/?page=3")
    assert (len(subjects(first)), len(subjects(last))) == (50, 20)
    assert subjects(last)[-1] == "Mail 0"
    assert subjects(browser.get("/demo/mail/?page=3&to=acme"))[-1] == "Mail 0"


@pytest.mark.parametrize("name", ["nothing", "0" * 32, "..", "0" * 33])
def test_an_unknown_mail_is_not_found(browser, name):
    assert browser.get(f"/demo/mail/{name}/").status_code == 404


def test_a_product_that_is_no_demonstration_has_no_mailbox_page(settings):
    from complere.urls import demo

    settings.DEMO = False
    assert demo.urlpatterns() == []
    settings.DEMO = True
    assert [str(route.pattern) for route in demo.urlpatterns()] == ["demo/mail/", "demo/codes/"]
