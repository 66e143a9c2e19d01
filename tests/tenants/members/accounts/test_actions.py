import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.db import connection

from audit.subject_keys.queries import blind_index
from tenants import schemas
from tenants.members.accounts import actions, catalogue, queries
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.models import Invitation, PasswordReset, User
from tenants.members.browsers import Known
from tenants.members.outbox.models import Email
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NEW = "eleven purple umbrellas"


def enter(email: str = "ann@acme.example", password: str = cast.PASSWORD, **changes: Any) -> User:
    given = {"address": "192.0.2.1", "browser": Known(), "now": NOW, **changes}
    return actions.sign_in(email=email, password=password, **given)


def fail(times: int, **changes: Any) -> None:
    for _ in range(times):
        with pytest.raises(actions.SignInRefused):
            enter(password="wrong password", **changes)


@pytest.mark.req("P11-300a")
def test_the_right_password_signs_in_however_the_address_is_spelt(in_acme):
    assert enter(email=" ANN@Acme.Example ").full_name == "Ann Admin"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@acme.example", "wrong password"),
        ("nobody@acme.example", cast.PASSWORD),
        ("dov@globex.example", cast.PASSWORD),
        ("pat@complere.example", cast.PASSWORD),
        ("ann@acme.example", ""),
        ("' OR 1=1 --", cast.PASSWORD),
        ("😀@acme.example", "😀" * 40),
    ],
)
@pytest.mark.req("ASVS-6.3.8")
def test_unknown_foreign_and_wrong_are_refused_alike(in_acme, email, password):
    with pytest.raises(actions.SignInRefused) as refused:
        enter(email=email, password=password)
    assert str(refused.value) == "Address and password do not match."


def count_hashes(monkeypatch: pytest.MonkeyPatch, attempt: Callable[[], object]) -> int:
    """How often a password is hashed while somebody tries to come in."""
    hasher = type(hashers.get_hasher())
    hashed = []
    for name in ("encode", "verify"):
        plain = getattr(hasher, name)

        def counted(self, *given, plain=plain, **named):
            hashed.append(given)
            return plain(self, *given, **named)

        monkeypatch.setattr(hasher, name, counted)
    with pytest.raises(actions.SignInRefused):
        attempt()
    monkeypatch.undo()
    return len(hashed)


def test_every_refused_sign_in_costs_exactly_one_hash(in_acme, monkeypatch):
    invited = actions.create_user(
        email="new@acme.example", full_name="Nia New", actor=cast.DIRECTOR, now=NOW, reason="Hired"
    )
    assert not invited.has_usable_password()
    costs = {
        "unknown": count_hashes(monkeypatch, lambda: enter(email="nobody@acme.example")),
        "wrong": count_hashes(monkeypatch, lambda: enter(password="wrong password")),
        "not accepted": count_hashes(monkeypatch, lambda: enter(email="new@acme.example")),
    }
    fail(5, email="ben@acme.example")
    costs["locked"] = count_hashes(monkeypatch, lambda: enter(email="ben@acme.example"))
    fail(5, email="nobody@acme.example")
    costs["unknown and locked"] = count_hashes(monkeypatch, lambda: enter(email="nobody@acme.example"))
    costs["not by password"] = count_hashes(monkeypatch, lambda: enter(only=()))
    exhaust(email="sid@acme.example")
    costs["resting"] = count_hashes(monkeypatch, lambda: enter(email="sid@acme.example"))
    assert costs == dict.fromkeys(costs, 1)


def test_the_fifth_failure_locks_the_pair_of_account_and_address_for_a_minute(in_acme):
    fail(5)
    with pytest.raises(actions.SignInRefused):
        enter(now=NOW + timedelta(seconds=59))
    assert enter(now=NOW + timedelta(seconds=61)).full_name == "Ann Admin"


def test_a_lock_grows_with_each_further_failure_and_success_ends_it(in_acme):
    fail(5)
    later = NOW + timedelta(seconds=61)
    fail(1, now=later)
    with pytest.raises(actions.SignInRefused):
        enter(now=later + timedelta(seconds=119))
    enter(now=later + timedelta(seconds=121))
    fail(4, now=later + timedelta(seconds=122))
    assert enter(now=later + timedelta(seconds=123)).full_name == "Ann Admin"


def test_what_a_stranger_does_at_one_address_keeps_nobody_out_at_another(in_acme):
    fail(5, address="203.0.113.9")
    assert enter(address="192.0.2.1").full_name == "Ann Admin"


def known(key: str, number: str = "a browser of theirs") -> Known:
    return Known(str(cast.person(key).pk), number)


def exhaust(**changes: Any) -> None:
    """A stranger at ever new addresses, until nothing is let through any more."""
    for number in range(catalogue.GUESSES):
        fail(1, address=f"203.0.113.{number}", **changes)


@pytest.mark.req("ASVS-6.3.1")
def test_after_ten_guesses_from_anywhere_not_even_the_right_password_opens_an_unknown_browser(in_acme):
    exhaust()
    ann = cast.person("ann")
    assert ann.locked_until == NOW + catalogue.GUESS_PAUSE
    with pytest.raises(actions.SignInRefused, match="Held off"):
        enter(address="192.0.2.77")
    assert enter(email="ben@acme.example", address="192.0.2.77").full_name == "Ben Privacy"


@pytest.mark.req("ASVS-6.3.1")
def test_the_rest_of_an_account_outlives_the_cache_in_which_guesses_are_counted(in_acme):
    exhaust()
    cache.clear()
    with pytest.raises(actions.SignInRefused, match="Held off"):
        enter()
    assert enter(now=NOW + catalogue.GUESS_PAUSE).full_name == "Ann Admin"


@pytest.mark.req("ASVS-6.3.1")
def test_no_stranger_shuts_a_browser_in_which_the_person_is_known(in_acme):
    """Not from anywhere, not from the very address of the person, and not for all other tries from there."""
    exhaust()
    fail(20, address="192.0.2.1")
    for _ in range(catalogue.ATTEMPTS_PER_ADDRESS):
        attempts.count("sign-in", "192.0.2.1", window=catalogue.ADDRESS_WINDOW)
    assert enter(browser=known("ann")).full_name == "Ann Admin"
    assert User.objects.get(pk=cast.person("ann").pk).failed_sign_ins == 0


def test_a_known_browser_is_good_for_ten_guesses_itself_and_shuts_no_other(in_acme):
    fail(catalogue.GUESSES, browser=known("ann"))
    with pytest.raises(actions.SignInRefused, match="Held off"):
        enter(browser=known("ann"))
    assert enter(browser=known("ann", "another")).full_name == "Ann Admin"
    assert cast.person("ann").locked_until is None


def test_a_browser_known_for_another_person_gets_no_way_past_the_rest(in_acme):
    exhaust()
    with pytest.raises(actions.SignInRefused, match="Held off"):
        enter(browser=known("ben"))


def test_an_unknown_address_is_held_off_after_as_many_guesses_as_a_known_one(in_acme):
    exhaust(email="nobody@acme.example")
    with pytest.raises(actions.SignInRefused, match="Held off"):
        enter(email="nobody@acme.example")


def test_guesses_are_let_through_again_only_after_a_pause_without_any():
    pause = timedelta(seconds=1)
    tried = [attempts.count_in_a_row("a test", "somebody", at_most=2, pause=pause) for _ in range(3)]
    time.sleep(1.1)
    assert [*tried, attempts.count_in_a_row("a test", "somebody", at_most=2, pause=pause)] == [1, 2, 3, 1]


def test_the_person_is_told_once_when_the_account_begins_to_rest(in_acme):
    for number in range(14):
        fail(1, address=f"203.0.113.{number}", now=NOW + timedelta(minutes=20 * number))
    warnings = Email.objects.filter(template="new-sign-in-lock")
    assert warnings.count() == 1
    assert "10 times" in mails.newest("new-sign-in-lock").body


@pytest.mark.req("ASVS-6.3.1")
def test_whom_the_rules_do_not_let_in_by_password_is_refused_like_anybody(in_acme):
    with pytest.raises(actions.SignInRefused, match="do not match"):
        enter(only=())
    assert enter(only=(str(cast.person("ann").pk),)).full_name == "Ann Admin"
    ask("ann@acme.example", only=())
    assert PasswordReset.objects.count() == 0


@pytest.mark.req("ASVS-6.3.1")
def test_one_address_may_try_only_so_often_whomever_it_tries(in_acme):
    for number in range(catalogue.ATTEMPTS_PER_ADDRESS):
        fail(1, email=f"guess{number}@acme.example")
    with pytest.raises(actions.TooManyAttempts) as refused:
        enter()
    assert refused.value.seconds == 600
    assert enter(address="192.0.2.2").full_name == "Ann Admin"


def test_signing_in_does_not_use_up_the_tries_of_an_office(in_acme):
    for _ in range(catalogue.ATTEMPTS_PER_ADDRESS + 5):
        enter()


def test_a_failure_is_counted_without_a_line_in_the_history(in_acme):
    ann = cast.person("ann")
    before = ann.history.count()
    fail(1)
    enter()
    assert User.objects.get(pk=ann.pk).history.count() == before


def test_an_older_hash_is_renewed_at_sign_in_and_the_password_still_fits(in_acme, settings):
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    old = hashers.PBKDF2PasswordHasher().encode(cast.PASSWORD, "saltsaltsalt", iterations=10)
    User.objects.filter(email_index=blind_index("ann@acme.example", "user.email")).update(password=old)
    enter()
    assert cast.person("ann").password.startswith("argon2$")
    assert enter().full_name == "Ann Admin"


def test_a_known_address_is_refused_and_nothing_is_left_behind(in_acme):
    before = User.objects.count()
    with pytest.raises(actions.AccountRefused) as refused:
        actions.create_user(
            email="ANN@acme.example ", full_name="Another Ann", actor=cast.DIRECTOR, now=NOW, reason="Hired"
        )
    assert (refused.value.field, User.objects.count()) == ("email", before)


def ask(email: str, **changes: Any) -> None:
    actions.request_password_reset(**{"email": email, "address": "192.0.2.1", "now": NOW, **changes})


def test_a_reset_mails_a_link_on_the_stored_origin_and_keeps_only_its_digest(in_acme):
    ask("ann@acme.example")
    email = mails.newest("password-reset")
    assert email.to == "ann@acme.example"
    assert mails.link_in(email).startswith("http://acme.localhost:8000/password-reset/")
    assert mails.token_in(email) not in set(PasswordReset.objects.values_list("token_hash", flat=True))


@pytest.mark.parametrize("email", ["nobody@acme.example", "dov@globex.example", "'; DROP TABLE x; --"])
def test_a_reset_for_an_unknown_address_mails_nothing_and_says_nothing(in_acme, email):
    assert ask(email) is None
    assert (Email.objects.filter(template="password-reset").count(), PasswordReset.objects.count()) == (0, 0)


def test_a_reset_costs_one_hash_whether_the_address_is_known_or_not(in_acme, monkeypatch):
    hasher = type(hashers.get_hasher())
    plain, hashed = hasher.encode, []
    monkeypatch.setattr(hasher, "encode", lambda self, *given: hashed.append(given) or plain(self, *given))
    ask("ann@acme.example")
    known = len(hashed)
    ask("nobody@acme.example")
    assert (known, len(hashed)) == (1, 2)


def test_whoever_never_accepted_an_invitation_gets_no_reset(in_acme):
    actions.create_user(email="new@acme.example", full_name="Nia New", actor=cast.DIRECTOR, now=NOW, reason="Hired")
    ask("new@acme.example")
    assert PasswordReset.objects.count() == 0


def test_a_mailbox_gets_at_most_three_resets_an_hour(in_acme):
    for minute in range(5):
        ask("ann@acme.example", now=NOW + timedelta(minutes=minute))
    assert Email.objects.filter(template="password-reset").count() == 3
    ask("ann@acme.example", now=NOW + timedelta(minutes=61))
    assert Email.objects.filter(template="password-reset").count() == 4


def test_one_address_may_ask_for_resets_only_so_often(in_acme):
    for number in range(catalogue.RESETS_PER_ADDRESS):
        ask(f"guess{number}@acme.example")
    with pytest.raises(actions.TooManyAttempts):
        ask("ann@acme.example")


@pytest.mark.req("ASVS-6.3.7")
def test_a_mailed_link_sets_the_password_once_and_ends_every_session(in_acme):
    ann = cast.person("ann")
    ask("ann@acme.example")
    token = mails.token_in(mails.newest("password-reset"))
    fresh = actions.complete_password_reset(token=token, password=NEW, now=NOW + timedelta(minutes=59))
    assert fresh.session_epoch == ann.session_epoch + 1
    assert enter(password=NEW).pk == ann.pk
    last = fresh.history.first()
    assert (last.history_change_reason, last.who) == ("Reset through the mailed link", "Ann Admin")
    assert mails.newest("password-changed").to == "ann@acme.example"
    with pytest.raises(queries.LinkOver):
        actions.complete_password_reset(token=token, password="another fine password", now=NOW)
    assert enter(password=NEW).pk == ann.pk


def test_a_newer_link_ends_the_older_and_an_hour_ends_both(in_acme):
    ask("ann@acme.example")
    older = mails.token_in(mails.newest("password-reset"))
    ask("ann@acme.example", now=NOW + timedelta(minutes=1))
    newer = mails.token_in(mails.newest("password-reset"))
    with pytest.raises(queries.LinkOver):
        queries.open_reset(older, NOW + timedelta(minutes=2))
    assert queries.open_reset(newer, NOW + timedelta(minutes=60)).user_id == cast.person("ann").pk
    with pytest.raises(queries.LinkOver):
        queries.open_reset(newer, NOW + timedelta(minutes=61))


def test_a_reset_link_of_one_tenant_is_unknown_in_another(acme, globex):
    with schemas.inside(acme):
        ask("ann@acme.example")
        token = mails.token_in(mails.newest("password-reset"))
    with schemas.inside(globex), pytest.raises(queries.LinkUnknown):
        actions.complete_password_reset(token=token, password=NEW, now=NOW)


def invited() -> tuple[User, str]:
    user = actions.create_user(
        email="new@acme.example", full_name="Nia New", actor=cast.DIRECTOR, now=NOW, reason="Hired"
    )
    actions.send_invitation(user, actor=cast.DIRECTOR, now=NOW, reason="Hired")
    return user, mails.token_in(mails.newest("invitation"))


def test_an_invitation_is_accepted_once_within_seven_days(in_acme):
    user, token = invited()
    actions.accept_invitation(token=token, password=NEW, now=NOW + timedelta(days=7, seconds=-1))
    assert enter(email="new@acme.example", password=NEW).pk == user.pk
    with pytest.raises(queries.LinkOver, match="accepted already"):
        actions.accept_invitation(token=token, password="another fine password", now=NOW)
    last = Invitation.objects.get(user=user).history.first()
    assert (last.history_change_reason, last.who) == ("Accepted the mailed invitation", "Nia New")


def test_an_invitation_expires_after_seven_days(in_acme):
    _, token = invited()
    with pytest.raises(queries.LinkOver, match="expired"):
        actions.accept_invitation(token=token, password=NEW, now=NOW + timedelta(days=7))


def test_a_second_invitation_replaces_the_first(in_acme):
    user, first = invited()
    actions.send_invitation(user, actor=cast.DIRECTOR, now=NOW + timedelta(hours=1), reason="Mail was lost")
    second = mails.token_in(mails.newest("invitation"))
    with pytest.raises(queries.LinkOver, match="taken back"):
        queries.open_invitation(first, NOW + timedelta(hours=2))
    assert queries.open_invitation(second, NOW + timedelta(hours=2)).user_id == user.pk


def test_an_invitation_taken_back_opens_nothing(in_acme):
    user, token = invited()
    assert actions.revoke_invitations(user, actor=cast.DIRECTOR, now=NOW, reason="Wrong person") == 1
    with pytest.raises(queries.LinkOver, match="taken back"):
        actions.accept_invitation(token=token, password=NEW, now=NOW)
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_ones_own_password_changes_only_with_the_present_one(in_acme):
    ann = cast.person("ann")
    with pytest.raises(actions.AccountRefused) as refused:
        actions.change_own_password(ann, current="wrong password", password=NEW, now=NOW)
    assert refused.value.field == "current"
    actions.change_own_password(ann, current=cast.PASSWORD, password=NEW, now=NOW)
    assert enter(password=NEW).pk == ann.pk


def test_guessing_the_present_password_in_an_open_session_is_stopped(in_acme):
    ann = cast.person("ann")
    for _ in range(catalogue.OWN_PASSWORD_ATTEMPTS):
        with pytest.raises(actions.AccountRefused):
            actions.change_own_password(ann, current="wrong password", password=NEW, now=NOW)
    with pytest.raises(actions.TooManyAttempts):
        actions.change_own_password(ann, current=cast.PASSWORD, password=NEW, now=NOW)


def test_a_job_title_is_ciphertext_in_the_row_and_in_its_history(in_acme):
    ann = cast.person("ann")
    actions.change_profile(ann, full_name=ann.full_name, job_title="Head of quality", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_title FROM members_user UNION SELECT job_title FROM members_historicaluser")
        kept = [title for (title,) in cursor.fetchall()]
    assert [title for title in kept if "quality" in title] == []
    assert User.objects.get(pk=ann.pk).job_title == "Head of quality"


def test_a_corrected_name_is_kept_with_the_old_one_in_the_history(in_acme):
    ann = cast.person("ann")
    actions.change_profile(ann, full_name="Ann Admin-Weber", job_title="Head of quality", now=NOW)
    names = [row.full_name for row in User.objects.get(pk=ann.pk).history.all()]
    assert names[0] == "Ann Admin-Weber"
    assert "Ann Admin" in names


def test_reset_links_that_are_long_over_are_forgotten(in_acme):
    ask("ann@acme.example")
    assert actions.forget_ended(NOW + timedelta(days=30)) == 0
    assert actions.forget_ended(NOW + timedelta(days=30, hours=1)) == 1


def test_five_passwords_before_the_present_one_are_kept_as_hashes(in_acme):
    ann = cast.person("ann")
    before = [ann.password]
    for number in range(6):
        ann = actions.set_password(
            ann, password=f"{NEW} no. {number}", actor=ann.actor, now=NOW + timedelta(days=number), reason="Changed"
        )
        before.insert(0, ann.password)
    kept = cast.person("ann")
    assert kept.former_passwords == before[1:6]
    assert kept.password_changed_at == NOW + timedelta(days=5)


def test_former_passwords_are_in_no_history(in_acme):
    ann = cast.person("ann")
    actions.set_password(ann, password=NEW, actor=ann.actor, now=NOW, reason="Changed")
    assert not hasattr(ann.history.first(), "former_passwords")


@pytest.mark.req("ASVS-6.3.5")
def test_who_comes_in_with_a_new_browser_is_told_but_for_the_very_first_time(in_acme):
    ann = cast.person("ann")
    actions.note_arrival(ann, now=NOW, new_browser="Firefox", address="192.0.2.1")
    assert Email.objects.filter(template="new-browser").count() == 0
    actions.note_arrival(cast.person("ann"), now=NOW, new_browser="Lynx 2.9", address="192.0.2.1")
    actions.note_arrival(cast.person("ann"), now=NOW)
    told = Email.objects.select_related("subject_key").get(template="new-browser")
    assert (told.to, "Lynx 2.9" in told.body, "192.0.2.1" in told.body) == ("ann@acme.example", True, True)
    assert cast.person("ann").last_sign_in_at == NOW
