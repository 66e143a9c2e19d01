"""Mail that leaves once, over a real SMTP connection."""

import socketserver
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from audit import context
from audit.subject_keys import actions as subject_keys
from complere.embedded import ports
from tenants import schemas
from tenants.members.outbox import actions, queries
from tenants.members.outbox.models import Email
from tenants.members.outbox.states import RETRIES, State
from tenants.wakeups import queries as wakeups
from tests import cast

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LONG_TIME = timedelta(days=365)


class Server(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps what it is given; `answers` tells what it says to a recipient."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__((ports.LOOPBACK, 0), Session)
        self.answers: dict[str, str] = {}
        self.received: list[bytes] = []


class Session(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.say("220 ready")
        for line in iter(self.rfile.readline, b""):
            words = line.decode().strip()
            command = words.upper().split(":")[0]
            if command == "DATA":
                self.take()
            elif command == "RCPT TO":
                address = words.split("<")[1].split(">")[0]
                self.say(self.server.answers.get(address, "250 recipient is fine"))
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def take(self) -> None:
        self.say("354 go on")
        self.server.received.append(b"".join(iter(self.rfile.readline, b".\r\n")))
        self.say("250 taken")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def server(settings) -> Iterator[Server]:
    with Server() as running:
        thread = Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.server_address
        yield running
        running.shutdown()
        thread.join()


def queue(to="ann@acme.example", *, now=NOW, name="Ann Admin", template="password-changed", **options):
    person = cast.person("ann")
    person.full_name = name
    return actions.queue_email(
        to=to, subject_key=person.subject_key, template=template,
        context={"person": person, "now": now, "sender_name": "Acme"}, now=now, about="test:1", **options,
    )  # fmt: skip


def fresh(email):
    return Email.objects.select_related("subject_key").get(pk=email.pk)


def woken():
    name = schemas.current_schema()
    with schemas.on_platform():
        return wakeups.next_of(name)


def test_a_mail_is_a_row_that_wakes_its_schema(in_acme):
    email = queue()
    assert (email.state, email.next_try_at, woken()) == (State.QUEUED, NOW, NOW)
    assert in_acme.origin in email.body
    assert list(queries.about("test:1")) == [email]


@pytest.mark.django_db
def test_a_mail_of_a_decision_that_is_undone_is_never_sent(in_acme, mailoutbox):
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert (actions.deliver_due(NOW), mailoutbox) == (0, [])


def test_a_mail_goes_out_once_with_its_id_as_message_id(in_acme, server):
    email = queue()
    assert (actions.deliver_due(NOW), actions.deliver_due(NOW + LONG_TIME)) == (1, 0)
    (sent,) = [message_from_bytes(content) for content in server.received]
    assert sent["Message-ID"] == f"<{email.pk}@trust.complere>"
    assert (sent["To"], sent["Auto-Submitted"]) == ("ann@acme.example", "auto-generated")
    assert (fresh(email).state, fresh(email).tries, queries.next_due()) == (State.SENT, 1, None)


def test_mails_that_somebody_subscribed_to_say_how_to_end_them_and_no_others(in_acme, server):
    queue(unsubscribe=f"/leave/{'x' * 300}/")
    queue(now=NOW + SECOND)
    actions.deliver_due(NOW + SECOND)
    named, plain = [message_from_bytes(content) for content in server.received]
    assert named["List-Unsubscribe"].strip() == f"<{in_acme.origin}/leave/{'x' * 300}/>"
    assert named["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (plain["List-Unsubscribe"], plain["List-Unsubscribe-Post"]) == (None, None)


@pytest.mark.req("ASVS-1.3.11")
def test_a_line_break_in_a_value_forges_no_header(in_acme, server):
    queue(name="Ann\r\nBcc: dov@globex.example")
    actions.deliver_due(NOW)
    (sent,) = [message_from_bytes(content) for content in server.received]
    assert sent["Bcc"] is None


def test_what_is_kept_of_a_mail_is_unreadable_without_the_persons_key(in_acme):
    email = queue()
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to"::text || body::text FROM members_email WHERE id = %s', [email.pk])
        (kept,) = cursor.fetchone()
    assert "acme" not in kept.lower()


def test_a_busy_server_is_tried_again_after_longer_and_longer_waits_and_then_given_up(in_acme, server):
    server.answers["ann@acme.example"] = "451 greylisted, come again"
    email, at, waits = queue(), NOW, []
    while (due := fresh(email).next_try_at) is not None:
        waits.append(due - at)
        at = due
        actions.deliver_due(at)
    assert waits == [timedelta(0), *RETRIES]
    failed = fresh(email)
    assert (failed.state, failed.tries, failed.bounced_at) == (State.FAILED, len(RETRIES) + 1, None)
    assert failed.last_error == "SMTPRecipientsRefused: 451", "the code, not the address that the server repeats"
    assert list(queries.failed()) == [email]


def test_a_refused_recipient_ends_the_mail_at_once_and_is_marked_as_bounced(in_acme, server):
    server.answers["ann@acme.example"] = "550 no such person"
    email = queue()
    actions.deliver_due(NOW)
    assert (fresh(email).state, fresh(email).bounced_at, server.received) == (State.FAILED, NOW, [])


def test_a_mail_that_fails_keeps_no_other_back(in_acme, server):
    server.answers["nobody@acme.example"] = "550 no such person"
    queue("nobody@acme.example", now=NOW - SECOND)
    sound = queue()
    assert (actions.deliver_due(NOW), fresh(sound).state) == (1, State.SENT)


def test_a_server_that_cannot_be_reached_is_asked_once_and_not_for_every_mail(in_acme, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = ports.LOOPBACK, ports.free_port()
    mails = [queue(now=NOW - n * SECOND) for n in range(5)]
    assert actions.deliver_due(NOW) == 0
    # Nobody was reached, so nobody refused: no try is counted.
    assert [fresh(mail).tries for mail in mails] == [0, 0, 0, 0, 0]
    assert queries.next_due() == NOW - 3 * SECOND


def test_a_mail_whose_person_was_erased_meanwhile_is_not_sent(in_acme, server):
    email = queue()
    subject_keys.destroy(email.subject_key, actor=context.service("tests"), now=NOW, reason="Erasure under Art. 17")
    assert (actions.deliver_due(NOW), server.received) == (0, [])
    assert (fresh(email).state, fresh(email).last_error) == (State.FAILED, "RecipientErased: ")


def test_four_senders_at_once_send_each_mail_once(committed_db, server):
    acme = cast.tenant("acme")
    with schemas.inside(acme):
        mails = {f"<{queue().pk}@trust.complere>" for _ in range(24)}
    barrier, sent = Barrier(4), []

    def send():
        with closing(connection), schemas.inside(acme):
            barrier.wait(timeout=10)
            sent.append(actions.deliver_due(NOW))

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sum(sent) == 24
    assert {str(message_from_bytes(content)["Message-ID"]) for content in server.received} == mails
    assert len(server.received) == 24


def test_a_sender_that_dies_after_the_server_took_the_mail_sends_the_same_mail_again(committed_db, server):
    class Killed(BaseException):
        """As a signal would, it passes every `except Exception`."""

    @transaction.atomic
    def die_before_the_commit():
        actions.deliver_next(now=NOW)
        raise Killed

    acme = cast.tenant("acme")
    with schemas.inside(acme):
        email = queue()
        with pytest.raises(Killed):
            die_before_the_commit()
        assert fresh(email).state == State.QUEUED
        assert actions.deliver_due(NOW) == 1
    assert [message_from_bytes(content)["Message-ID"] for content in server.received] == [
        f"<{email.pk}@trust.complere>", f"<{email.pk}@trust.complere>",
    ]  # fmt: skip
