"""No write without actor and reason."""

import tomllib
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from audit import context
from audit.subject_keys import actions as subject_keys
from tenants.members.contacts.models import Contact
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANN = context.Actor(id=uuid.uuid4(), name="Ann Admin", role="Tenant admin")


def new_contact() -> Contact:
    return Contact(
        kind="security",
        subject_key=subject_keys.create(now=NOW),
        full_name="Nora",
        email="n@acme.example",
        changed_at=NOW,
    )


@pytest.mark.req("AT-01")
def test_a_regulated_record_is_not_written_outside_a_context(in_acme):
    with pytest.raises(DatabaseError, match="names no actor and reason"):
        new_contact().save()


@pytest.mark.req("AT-01")
def test_a_regulated_record_is_neither_changed_nor_deleted_outside_a_context(in_acme):
    user = cast.person("ben")
    user.job_title = "Other"
    with pytest.raises(DatabaseError, match="names no actor and reason"), transaction.atomic():
        user.save()
    grant = user.grants.get()
    with pytest.raises(DatabaseError, match="names no actor and reason"), transaction.atomic():
        grant.delete()


@pytest.mark.parametrize(
    "reason",
    ["n/a", "N/A", " n/a ", ".", "   ", "", "...", "....", "----", "none", "NULL", "test", "\t\n", "abc", "abc   "],
)
@pytest.mark.req("AT-16")
def test_a_reason_that_says_nothing_is_refused_and_nothing_is_written(in_acme, reason):
    before = Contact.objects.count()
    with pytest.raises(context.ReasonRefused), context.regulated_write(actor=ANN, reason=reason):
        new_contact().save()
    assert Contact.objects.count() == before


@given(st.text(max_size=3))
def test_no_reason_of_fewer_than_four_characters_passes(reason):
    with pytest.raises(context.ReasonRefused):
        context.checked_reason(reason)


@given(st.text(alphabet=".-_ /?!*\u00a0\u2026\u2014", max_size=40))
@pytest.mark.req("AT-16")
def test_no_reason_without_a_letter_or_digit_passes(reason):
    with pytest.raises(context.ReasonRefused):
        context.checked_reason(reason)


@given(
    st.text(alphabet=st.characters(codec="ascii", categories=["L"]), min_size=5, max_size=40),
    st.text(alphabet=" \t\n", max_size=5),
)
def test_white_space_around_a_reason_is_dropped(words, space):
    assert context.checked_reason(f"{space}{words}{space}") == words


def test_a_history_row_says_who_in_which_role_why_and_on_which_request(in_acme):
    request = context.Request(id="req-00000001", address="192.0.2.1")
    with context.from_request(request), context.regulated_write(actor=ANN, reason="The office moved"):
        contact = new_contact()
        contact.save()
    row = contact.history.get()
    assert (row.history_user_id, row.who, row.actor_role, row.actor_kind) == (
        ANN.id,
        "Ann Admin",
        "Tenant admin",
        "human",
    )
    assert (row.history_change_reason, row.request_id, row.history_type) == ("The office moved", "req-00000001", "+")
    assert row.history_date.tzinfo is UTC


@pytest.mark.req("AT-01")
def test_who_acted_keeps_the_name_they_had_then(in_acme):
    ann = cast.person("ann")
    actor = ann.actor
    with context.regulated_write(actor=actor, reason="The office moved"):
        contact = new_contact()
        contact.save()
    with context.regulated_write(actor=actor, reason="Married"):
        ann.full_name = "Ann Other"
        ann.save()
    assert contact.history.get().who == "Ann Admin"


def test_what_breaks_in_a_context_leaves_neither_record_nor_history(in_acme):
    contact = new_contact()

    def write() -> None:
        with context.regulated_write(actor=ANN, reason="The office moved"):
            contact.save()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write()
    assert (Contact.objects.count(), Contact.history.filter(id=contact.pk).count()) == (0, 0)


def test_contexts_nest_and_the_outer_one_is_back_afterwards(in_acme):
    inner = context.service("clock")
    with context.regulated_write(actor=ANN, reason="Outer reason"):
        with context.regulated_write(actor=inner, reason="Inner reason"):
            assert (context.current().actor, context.current().reason) == (inner, "Inner reason")
        assert (context.current().actor, context.current().reason) == (ANN, "Outer reason")
    with pytest.raises(context.ContextMissing):
        context.current()


def declared(cursor) -> str:
    cursor.execute("SELECT coalesce(nullif(current_setting('app.context', true), '')::jsonb ->> 'reason', '')")
    return cursor.fetchone()[0]


def test_a_cursor_that_stays_open_says_who_writes_now(in_acme):
    with context.regulated_write(actor=ANN, reason="Outer reason"), connection.cursor() as cursor:
        said = [declared(cursor)]
        with context.regulated_write(actor=ANN, reason="Inner reason"):
            said.append(declared(cursor))
        said.append(declared(cursor))
        with suppress(ZeroDivisionError), context.regulated_write(actor=ANN, reason="Broken reason"):
            said.append(declared(cursor))
            said.append(str(1 / 0))
        said.append(declared(cursor))
    assert said == ["Outer reason", "Inner reason", "Outer reason", "Broken reason", "Outer reason"]


def test_after_the_last_block_an_open_cursor_says_nothing(in_acme):
    with transaction.atomic(), connection.cursor() as cursor:
        with context.regulated_write(actor=ANN, reason="Inner reason"):
            assert declared(cursor) == "Inner reason"
        assert declared(cursor) == ""


def test_another_thread_inherits_no_context(in_acme):
    import threading

    seen = []

    def look() -> None:
        try:
            seen.append(context.current())
        except context.ContextMissing:
            seen.append("nothing")

    with context.regulated_write(actor=ANN, reason="Outer reason"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == ["nothing"]


def test_a_service_is_named_as_one():
    assert (context.service("clock").id, context.service("clock").role, context.service("clock").kind) == (
        None,
        "service",
        "service",
    )


def test_events_name_the_release_that_the_project_has():
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == context.RELEASE
