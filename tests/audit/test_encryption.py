"""Personal data as the database sees it: ciphertext, bound to its place, gone with its key."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from audit import context
from audit.encryption import ERASED, PlainTextRefused
from audit.subject_keys import actions as subject_keys
from audit.subject_keys import hashing, queries
from audit.subject_keys.hashing import CiphertextRefused
from audit.subject_keys.models import SubjectKey
from tenants import schemas
from tenants.members.contacts.models import Contact
from tests import cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANN = context.Actor(id=None, name="Ann Admin", role="Tenant admin")


def new_contact(kind: str = "security", **changes: str) -> Contact:
    given_ = {"full_name": "Nora Night", "email": "nora@acme.example", "phone": "", **changes}
    with context.regulated_write(actor=ANN, reason="The office moved"):
        return Contact.objects.create(kind=kind, subject_key=subject_keys.create(now=NOW), changed_at=NOW, **given_)


def raw(column: str, contact: Contact, table: str = "members_contact") -> list[str]:
    order = " ORDER BY history_id" if "historical" in table else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s{order}", [contact.pk])
        return [value for (value,) in cursor.fetchall()]


def whole_schema() -> str:
    """Every text of every table of the schema, as a thief of the files would read it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = [name for (name,) in cursor.fetchall()]
        texts = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            texts += [text for (text,) in cursor.fetchall()]
    return "\n".join(texts)


def test_neither_record_nor_history_holds_plain_text_anywhere_in_the_schema(in_acme):
    contact = new_contact(full_name="Xanthippe Quirrenbach", email="xq@acme.example")
    assert Contact.objects.get(pk=contact.pk).full_name == "Xanthippe Quirrenbach"
    stored = whole_schema()
    assert "enc1:" in stored
    assert [word for word in ("Xanthippe", "Quirrenbach", "xq@acme", "ann@acme.example") if word in stored] == []


def test_what_is_looked_at_and_saved_unchanged_keeps_its_bytes_in_record_and_history(in_acme):
    contact = Contact.objects.get(pk=new_contact().pk)
    before = raw("email", contact)
    with context.regulated_write(actor=ANN, reason="The office moved"):
        contact.email = str(contact.email)
        contact.full_name = "Nora Other"
        contact.save()
    assert (raw("email", contact), raw("email", contact, "members_historicalcontact")) == (before, before * 2)
    names = raw("full_name", contact, "members_historicalcontact")
    assert (raw("full_name", contact), len(set(names))) == ([names[1]], 2)
    assert (contact.email, Contact.objects.get(pk=contact.pk).full_name) == ("nora@acme.example", "Nora Other")


def test_the_history_holds_the_same_bytes_as_the_record(in_acme):
    contact = new_contact()
    assert raw("full_name", contact) == raw("full_name", contact, "members_historicalcontact")


def test_saving_the_same_text_again_gives_the_same_bytes_and_another_text_others(in_acme):
    contact = new_contact()
    before = raw("email", contact)
    with context.regulated_write(actor=ANN, reason="Nothing new"):
        fresh = Contact.objects.get(pk=contact.pk)
        fresh.email = str(fresh.email)
        fresh.save()
    assert raw("email", contact) == before
    with context.regulated_write(actor=ANN, reason="New address"):
        fresh.email = "other@acme.example"
        fresh.save()
    assert raw("email", contact) != before


def test_the_same_text_of_two_people_or_in_two_fields_has_different_bytes(in_acme):
    one = new_contact("security", full_name="Same", email="Same")
    two = new_contact("privacy", full_name="Same", email="Same")
    stored = [*raw("full_name", one), *raw("email", one), *raw("full_name", two), *raw("email", two)]
    assert len(set(stored)) == 4


@pytest.mark.parametrize(("source", "target"), [("email", "full_name"), ("full_name", "email")])
def test_ciphertext_moved_to_another_field_is_refused(in_acme, source, target):
    contact = new_contact()
    move_bytes(contact, source, contact, target)
    with pytest.raises(CiphertextRefused):
        _ = getattr(Contact.objects.get(pk=contact.pk), target)


def test_ciphertext_moved_to_another_person_is_refused(in_acme):
    one, two = new_contact("security"), new_contact("privacy", full_name="Olga")
    move_bytes(one, "full_name", two, "full_name")
    with pytest.raises(CiphertextRefused):
        _ = Contact.objects.get(pk=two.pk).full_name


def test_ciphertext_and_key_moved_to_another_tenant_are_refused(acme, globex):
    with schemas.inside(acme):
        contact = new_contact()
        token, wrapped = raw("full_name", contact)[0], bytes(contact.subject_key.wrapped)
    with schemas.inside(globex):
        twin = new_contact()
        with tampering(), connection.cursor() as cursor:
            cursor.execute("UPDATE members_contact SET full_name = %s WHERE id = %s", [token, twin.pk])
        SubjectKey.objects.filter(pk=twin.subject_key_id).update(wrapped=wrapped)
        with pytest.raises(CiphertextRefused):
            _ = Contact.objects.get(pk=twin.pk).full_name


@pytest.mark.parametrize("spoil", ["enc1:AAAA", "Nora Night", "enc1:!!!"])
def test_what_is_no_ciphertext_is_refused_and_never_shown(in_acme, spoil):
    contact = new_contact()
    with tampering(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_contact SET full_name = %s WHERE id = %s", [spoil, contact.pk])
    with pytest.raises(ValueError):  # noqa: PT011  CiphertextRefused, or text that is no base64
        _ = Contact.objects.get(pk=contact.pk).full_name


@pytest.mark.req("AT-20")
def test_erasing_a_person_leaves_every_byte_and_no_word(in_acme):
    contact = new_contact()
    tables = ("members_contact", "members_historicalcontact")
    before = [raw("full_name", contact, table) for table in tables]
    subject_keys.destroy(contact.subject_key, actor=ANN, now=NOW, reason="Art. 17 request")
    fresh = Contact.objects.get(pk=contact.pk)
    assert (fresh.full_name, fresh.email, fresh.phone) == (ERASED, ERASED, "")
    assert [row.full_name for row in fresh.history.all()] == [ERASED]
    assert [raw("full_name", contact, table) for table in tables] == before


def test_a_record_of_an_erased_person_can_still_be_saved_and_stays_erased(in_acme):
    contact = new_contact()
    subject_keys.destroy(contact.subject_key, actor=ANN, now=NOW, reason="Art. 17 request")
    before = raw("full_name", contact)
    fresh = Contact.objects.get(pk=contact.pk)
    assert fresh.full_name == ERASED
    with context.regulated_write(actor=ANN, reason="Contact bounced"):
        fresh.bounced_at = NOW
        fresh.save()
    assert raw("full_name", contact) == before
    assert raw("full_name", contact, "members_historicalcontact") == before * 2


def test_nothing_new_can_be_written_about_an_erased_person(in_acme):
    contact = new_contact()
    subject_keys.destroy(contact.subject_key, actor=ANN, now=NOW, reason="Art. 17 request")
    fresh = Contact.objects.get(pk=contact.pk)
    fresh.full_name = "Nora Again"
    with pytest.raises(queries.ErasedError), context.regulated_write(actor=ANN, reason="Write again"):
        fresh.save()


def test_a_destroyed_key_says_who_when_and_why_and_stays_destroyed(in_acme):
    key = subject_keys.create(now=NOW)
    for reason in ("Art. 17 request", "A second time"):
        key = subject_keys.destroy(key, actor=ANN, now=NOW, reason=reason)
    assert (key.wrapped, key.destroyed_at, key.destroyed_by, key.destroyed_because) == (
        None,
        NOW,
        "Ann Admin (Tenant admin)",
        "Art. 17 request",
    )


def test_a_list_of_people_opens_with_one_query(in_acme, django_assert_num_queries):
    new_contact("security")
    new_contact("privacy")
    with django_assert_num_queries(1):
        assert [c.full_name for c in Contact.objects.select_related("subject_key")] == ["Nora Night"] * 2


def test_a_blind_index_finds_a_person_whatever_the_spelling_and_only_here(acme, globex):
    with schemas.inside(acme):
        index = queries.blind_index("  Ann@ACME.example ", "user.email")
        assert index == queries.blind_index("ann@acme.example", "user.email") == cast.person("ann").email_index
        assert index != queries.blind_index("ann@acme.example", "other purpose")
    with schemas.inside(globex):
        assert index != queries.blind_index("ann@acme.example", "user.email")


@given(st.text(max_size=200))
def test_whatever_is_sealed_opens_to_the_same_text(text):
    key = hashing.new_key()
    token = hashing.to_token(hashing.seal(text.encode("utf-8", "surrogatepass"), key, "place"))
    assert hashing.unseal(hashing.from_token(token), key, "place").decode("utf-8", "surrogatepass") == text


@given(st.binary(max_size=50), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_altered_byte_is_noticed(plain, position, mask):
    key = hashing.new_key()
    sealed = bytearray(hashing.seal(plain, key, "place"))
    sealed[position % len(sealed)] ^= mask
    with pytest.raises(CiphertextRefused):
        hashing.unseal(bytes(sealed), key, "place")


def tampering() -> AbstractContextManager[context.Context]:
    """Past every save(), but with a name and a reason: the database takes nothing without."""
    return context.regulated_write(actor=ANN, reason="Tamper with it")


def move_bytes(one: Contact, source: str, other: Contact, target: str) -> None:
    with tampering(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE members_contact SET {target} = (SELECT {source} FROM members_contact WHERE id = %s) WHERE id = %s",
            [one.pk, other.pk],
        )


def test_plain_text_is_refused_on_ways_that_pass_no_instance(in_acme):
    with pytest.raises(PlainTextRefused, match="full_name"):
        Contact.objects.update(full_name="Plain Ann")
