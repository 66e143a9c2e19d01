"""Keys that sign logs: made once, replaced by a successor that the old one announces, dropped when they retire."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from audit import context
from audit.ledger.models import Event
from audit.log_keys import actions, queries
from audit.log_keys.models import LogKey
from audit.merkle import notes
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLERK = context.service("clerk")


def create(now=NOW, **options):
    return actions.create(actor=CLERK, now=now, reason="A test begins a log", **options)


def rotate(now=NOW, **options):
    return actions.rotate(actor=CLERK, now=now, reason="The yearly change of keys", **options)


def test_a_log_is_named_after_the_platform_and_the_lasting_name_of_its_book(in_acme):
    key = create()
    assert key.name == f"localhost:8000/log/{queries.book_origin()}"
    assert (key.version, key.epoch, key.retired_at, key.announcement) == (1, 1, None, "")
    assert create(purpose=queries.HEADS).name == "localhost:8000/transparency"


def test_creating_again_gives_the_key_that_signs(in_acme):
    assert create() == create()
    assert LogKey.objects.count() == 1


def test_the_private_half_opens_with_the_key_of_the_logs_only_and_signs(in_acme, settings):
    key = create()
    signed = notes.sign("hello\n", queries.signer(key))
    assert notes.open(signed, queries.vkeys()).text == "hello\n"
    settings.COMPLERE_LOG_KEY = settings.COMPLERE_ROOT_KEY
    with pytest.raises(queries.SigningRefused, match="does not open"):
        queries.signer(key)
    settings.COMPLERE_LOG_KEY = ""
    with pytest.raises(queries.SigningRefused, match="was not given COMPLERE_LOG_KEY"):
        queries.signer(key)


def test_a_wrapped_key_moved_to_another_row_does_not_open(in_acme):
    key, other = create(), create(purpose=queries.HEADS)
    other.wrapped = key.wrapped
    with pytest.raises(queries.SigningRefused):
        queries.signer(other)


@pytest.mark.req("AT-13")
def test_the_old_key_announces_its_successor_and_is_dropped(in_acme):
    old, later = create(), NOW + timedelta(days=365)
    new = rotate(later)
    old.refresh_from_db()
    assert (old.retired_at, old.wrapped) == (later, None)
    announced = notes.open(new.announcement, [old.vkey]).text
    assert announced == f"complere successor key v1\n{old.vkey}\n{new.vkey}\n2027-03-02T09:00:00Z\n"
    assert (new.version, new.epoch, new.name) == (2, 1, old.name)
    assert queries.signing_key() == new
    assert queries.vkeys() == [old.vkey, new.vkey]
    with pytest.raises(queries.SigningRefused, match="retired"):
        queries.signer(old)


def test_a_lost_key_is_replaced_without_an_announcement(in_acme, settings):
    create()
    settings.COMPLERE_LOG_KEY = settings.COMPLERE_ROOT_KEY
    with pytest.raises(queries.SigningRefused):
        rotate()
    assert rotate(lost=True).announcement == ""


def test_a_new_epoch_is_a_log_of_another_name(in_acme):
    first = create()
    assert rotate(epoch=2).name == f"{first.name}/2"
    assert rotate(epoch=3).name == f"{first.name}/3"


def test_a_log_without_a_key_has_no_successor(in_acme):
    with pytest.raises(actions.RotationRefused):
        rotate()


def test_a_retired_log_signs_nothing(in_acme):
    create()
    key = actions.retire(actor=CLERK, now=NOW, reason="The tenant has left")
    assert (key.wrapped, queries.signing_key()) == (None, None)
    assert actions.retire(actor=CLERK, now=NOW, reason="The tenant has left") is None


@pytest.mark.req("AT-13")
def test_every_change_is_an_event_and_none_of_them_holds_the_key(in_acme):
    key = create()
    rotate()
    told = list(Event.objects.filter(obj="audit_logkey").order_by("seq"))
    assert [(event.pk_text == str(key.pk), event.op) for event in told] == [(True, "I"), (True, "U"), (False, "I")]
    assert all("wrapped" not in event.document["new"] for event in told)
    assert "wrapped" not in {field.name for field in LogKey.history.model._meta.fields}


def test_keys_are_another_schemas_secret(acme, globex):
    from tenants import schemas

    with schemas.inside(acme):
        key = create()
    with schemas.inside(globex), pytest.raises(queries.SigningRefused):
        queries.signer(key)


def test_the_key_of_the_logs_is_not_the_root_key():
    assert settings.COMPLERE_LOG_KEY != settings.COMPLERE_ROOT_KEY
    assert cast.BEGINNING < NOW
