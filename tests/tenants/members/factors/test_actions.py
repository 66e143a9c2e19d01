"""Setting up, using and losing an authenticator app. Passkeys have a file of their own."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers

from audit.transitions import MoveRefused
from tenants import schemas
from tenants.members.accounts.actions import AccountRefused, TooManyAttempts
from tenants.members.accounts.models import User
from tenants.members.contacts import actions as contacts
from tenants.members.factors import actions, hashing, queries
from tenants.members.factors.models import Factor
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.safeguards import queries as guards
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SOON = timedelta(seconds=30)


def show(user: User, *, password: str = cast.PASSWORD, code: str = "", now: datetime = NOW, **more: Any):
    """Somebody shows both components, as the form of a signature would."""
    given = {"purpose": "test", "address": "192.0.2.1", **more}
    return actions.check_components(user, password=password, code=code or cast.code_of(user, now), now=now, **given)


def newcomer(role: str = "privacy_officer") -> User:
    """Somebody who has not set up anything."""
    part = cast.Part("Nia New", "nia@acme.example", role)
    said = {"actor": cast.DIRECTOR, "now": NOW, "reason": "Hired"}
    user = cast.accounts.create_user(email=part.email, full_name=part.name, **said)
    roles.grant(user, role=role, **said)
    cast.accounts.set_password(user, password=cast.PASSWORD, **said)
    return User.objects.get(pk=user.pk)


def enrol(user: User, name: str = "Phone", code: str = "", now: datetime = NOW) -> actions.Enrolled:
    factor = actions.begin_authenticator(user, name=name, password=cast.PASSWORD, code=code, now=now)
    shown = hashing.code_at(queries.secret_of(factor), hashing.step_at(now))
    return actions.confirm_authenticator(user, factor, code=shown, now=now)


@pytest.mark.req("P11-200a1")
def test_password_and_code_together_are_two_components(in_acme):
    ann = cast.person("ann")
    shown = show(ann)
    app = queries.factors_of(ann)[0]
    assert (shown.methods, shown.authenticated_at) == (("password", "totp"), NOW)
    assert shown.detail == {"factor": str(app.pk)}
    assert app.last_used_at == NOW


WRONG = [
    {"password": "wrong password"},
    {"password": ""},
    {"code": "000000"},
    {"code": "😀" * 13},
    {"password": "wrong password", "code": "000000"},
]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.req("P11-200a1")
def test_either_or_both_wrong_is_one_refusal_that_does_not_say_which(in_acme, wrong):
    ann = cast.person("ann")
    with pytest.raises(actions.ComponentsRefused) as refused:
        show(ann, **wrong)
    assert str(refused.value) == str(actions.ComponentsRefused())


@pytest.mark.parametrize("wrong", [*WRONG, {}])
def test_every_attempt_costs_one_password_hash_whatever_was_wrong(in_acme, monkeypatch, wrong):
    ann, hasher, counted = cast.person("ann"), type(hashers.get_hasher()), []
    plain = hasher.verify
    monkeypatch.setattr(hasher, "verify", lambda *given: counted.append(given) or plain(*given))
    with suppress(actions.ComponentsRefused):
        show(ann, **wrong)
    assert len(counted) == 1


def test_a_wrong_password_does_not_use_up_the_code(in_acme):
    ann = cast.person("ann")
    with pytest.raises(actions.ComponentsRefused):
        show(ann, password="wrong password")
    assert show(ann).methods == ("password", "totp")


@pytest.mark.req("P11-200a1")
def test_a_code_is_taken_once(in_acme):
    ann = cast.person("ann")
    code = cast.code_of(ann, NOW)
    show(ann, code=code)
    with pytest.raises(actions.ComponentsRefused):
        show(ann, code=code)
    assert show(ann, now=NOW + SOON).methods == ("password", "totp")


@pytest.mark.parametrize(("drift", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_may_be_one_step_old_or_early(in_acme, drift, taken):
    ann = cast.person("ann")
    code = cast.code_of(ann, NOW + drift * SOON)
    if taken:
        assert show(ann, code=code).methods == ("password", "totp")
    else:
        with pytest.raises(actions.ComponentsRefused):
            show(ann, code=code)


@pytest.mark.req("P11-200a2")
def test_the_code_of_another_person_does_not_serve(in_acme):
    with pytest.raises(actions.ComponentsRefused):
        show(cast.person("ann"), code=cast.code_of(cast.person("ben"), NOW))


@pytest.mark.req("P11-200a1i")
def test_within_a_series_the_code_alone_does_and_is_needed(in_acme):
    ann = cast.person("ann")
    assert show(ann, password="", in_series=True).methods == ("session", "totp")
    with pytest.raises(actions.ComponentsRefused):
        show(ann, password=cast.PASSWORD, code="000000", in_series=True)


def test_a_deactivated_person_shows_nothing(in_acme):
    cay = cast.person("ben")
    roles.deactivate(cay, actor=cast.DIRECTOR, now=NOW, reason="Left the company")
    with pytest.raises(actions.ComponentsRefused):
        show(cay)


def test_who_has_no_app_is_refused_like_who_typed_it_wrong(in_acme):
    with pytest.raises(actions.ComponentsRefused):
        show(newcomer(), code="123456")


def test_a_recovery_code_does_not_sign(in_acme):
    nia = newcomer()
    codes = enrol(nia).recovery_codes
    with pytest.raises(actions.ComponentsRefused):
        show(nia, code=codes[0])


@pytest.mark.req("P11-300e")
def test_an_app_is_set_up_only_once_it_shows_the_right_code(in_acme):
    nia = newcomer()
    factor = actions.begin_authenticator(nia, name="Phone", password=cast.PASSWORD, code="", now=NOW)
    assert queries.factors_of(nia) == []
    with pytest.raises(AccountRefused):
        actions.confirm_authenticator(nia, factor, code="000000", now=NOW)
    assert queries.factors_of(nia) == []
    shown = hashing.code_at(queries.secret_of(factor), hashing.step_at(NOW))
    enrolled = actions.confirm_authenticator(nia, factor, code=shown, now=NOW)
    assert [one.name for one in queries.factors_of(nia)] == ["Phone"]
    assert len(set(enrolled.recovery_codes)) == 10
    assert mails.newest("factor-changed").to == "nia@acme.example"
    with pytest.raises(MoveRefused):
        actions.confirm_authenticator(nia, factor, code=shown, now=NOW)


def test_the_code_that_confirmed_an_app_signs_nothing(in_acme):
    nia = newcomer()
    enrol(nia)
    with pytest.raises(actions.ComponentsRefused):
        show(nia)
    assert show(nia, now=NOW + SOON).methods == ("password", "totp")


def test_the_secret_is_sealed_in_no_history_and_wiped_with_the_removal(in_acme):
    nia = newcomer()
    factor = enrol(nia).factor
    secret, stored = queries.secret_of(factor), bytes(Factor.objects.get(pk=factor.pk).secret)
    assert secret not in stored
    assert len(stored) > len(secret)
    assert "secret" not in {field.name for field in Factor.history.model._meta.fields}
    actions.remove(nia, factor, code=cast.code_of(nia, NOW + SOON), now=NOW + SOON, reason="Phone was replaced")
    gone = Factor.objects.get(pk=factor.pk)
    assert (bytes(gone.secret), gone.removed_at) == (b"", NOW + SOON)
    assert gone.history.latest().history_change_reason == "Phone was replaced"
    assert queries.factors_of(nia) == []


def test_the_sealed_secret_of_one_app_opens_at_no_other_place(in_acme):
    nia = newcomer()
    first = enrol(nia).factor
    second = enrol(nia, "Tablet", cast.code_of(nia, NOW + SOON), NOW + SOON).factor
    first.secret, first.pk = second.secret, first.pk
    with pytest.raises(Exception, match="does not belong"):
        queries.secret_of(first)


@pytest.mark.req("P11-200a3")
def test_a_further_app_takes_a_code_of_the_first(in_acme):
    nia = newcomer()
    enrol(nia)
    later = NOW + SOON
    for code in ("", "000000"):
        with pytest.raises(AccountRefused) as refused:
            actions.begin_authenticator(nia, name="Tablet", password=cast.PASSWORD, code=code, now=later)
        assert refused.value.field == "code"
    enrolled = enrol(nia, "Tablet", cast.code_of(nia, later), later)
    assert [one.name for one in queries.factors_of(nia)] == ["Phone", "Tablet"]
    assert enrolled.recovery_codes == [], "codes are made with the first factor only"


def test_setting_up_takes_the_password(in_acme):
    with pytest.raises(AccountRefused) as refused:
        actions.begin_authenticator(newcomer(), name="Phone", password="wrong password", code="", now=NOW)
    assert refused.value.field == "password"


def test_two_apps_of_one_person_have_two_names(in_acme):
    nia = newcomer()
    enrol(nia)
    with pytest.raises(AccountRefused) as refused:
        enrol(nia, " phone ", cast.code_of(nia, NOW + SOON), NOW + SOON)
    assert refused.value.field == "name"


def test_beginning_again_ends_what_was_begun(in_acme):
    nia = newcomer()
    actions.begin_authenticator(nia, name="Phone", password=cast.PASSWORD, code="", now=NOW)
    second = actions.begin_authenticator(nia, name="Phone", password=cast.PASSWORD, code="", now=NOW)
    assert (queries.begun(nia, NOW), Factor.objects.filter(user=nia).count()) == (second, 1)


def test_what_was_begun_is_shown_for_half_an_hour_and_to_nobody_else(in_acme):
    nia = newcomer()
    factor = actions.begin_authenticator(nia, name="Phone", password=cast.PASSWORD, code="", now=NOW)
    assert queries.begun(nia, NOW + timedelta(minutes=29)) == factor
    assert queries.begun(nia, NOW + timedelta(minutes=30)) is None
    assert queries.begun(cast.person("ann"), NOW) is None


@pytest.mark.req("P11-300c")
def test_a_recovery_code_lets_one_remove_a_lost_app_once(in_acme):
    nia = newcomer()
    enrolled = enrol(nia)
    actions.remove(nia, enrolled.factor, code=enrolled.recovery_codes[0], now=NOW, reason="Phone was stolen")
    assert queries.factors_of(nia) == []
    assert guards.of_person(nia).recovery_left == 9
    again = enrol(nia, "New phone", now=NOW + SOON).factor
    with pytest.raises(AccountRefused):
        actions.remove(nia, again, code=enrolled.recovery_codes[0], now=NOW, reason="Phone was stolen")


def test_new_recovery_codes_end_the_earlier_ones(in_acme):
    nia = newcomer()
    enrolled = enrol(nia)
    later = NOW + SOON
    codes = actions.renew_recovery_codes(nia, password=cast.PASSWORD, code=cast.code_of(nia, later), now=later)
    with pytest.raises(AccountRefused):
        actions.prove_code(nia, code=enrolled.recovery_codes[1], now=later)
    actions.prove_code(nia, code=codes[1].upper().replace("-", " "), now=later)


def test_recovery_codes_need_a_factor_to_stand_in_for(in_acme):
    with pytest.raises(MoveRefused):
        actions.renew_recovery_codes(newcomer(), password=cast.PASSWORD, code="", now=NOW)


def test_guessing_codes_on_the_account_page_ends_after_ten(in_acme):
    ann = cast.person("ann")
    for _ in range(10):
        with pytest.raises(AccountRefused):
            actions.prove_code(ann, code="000000", now=NOW)
    with pytest.raises(TooManyAttempts):
        actions.prove_code(ann, code=cast.code_of(ann, NOW), now=NOW)


@pytest.mark.req("P11-300e")
def test_what_was_not_used_for_a_year_is_suspended_until_tested(in_acme):
    ann = cast.person("ann")
    late = cast.BEGINNING + timedelta(days=365)
    app = queries.factors_of(ann)[0]
    assert [queries.is_suspended(app, moment) for moment in (late - timedelta(seconds=1), late)] == [False, True]
    with pytest.raises(actions.ComponentsRefused):
        show(ann, now=late)
    assert [str(missing) for missing in queries.may_sign(ann, late)] == [
        "What you sign with was not tested for 12 months."
    ]
    with pytest.raises(AccountRefused):
        actions.test_authenticator(ann, app, code="000000", now=late)
    actions.test_authenticator(ann, app, code=cast.code_of(ann, late), now=late)
    assert show(ann, now=late + SOON).methods == ("password", "totp")


def fail(user: User, times: int, now: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(actions.ComponentsRefused):
            show(user, code="000000", now=now)


@pytest.mark.req("P11-300d")
def test_the_fifth_failure_locks_signing_and_tells_the_person_and_the_security_contact(in_acme):
    ben = cast.person("ben")
    fail(ben, 4)
    with pytest.raises(actions.SigningLocked) as locked:
        show(ben, code="000000")
    assert locked.value.until == NOW + timedelta(minutes=15)
    told = Email.objects.filter(template="signing-locked").select_related("subject_key")
    # No contact is named yet: the administrators stand in for it.
    assert sorted(mail.to for mail in told) == ["ann@acme.example", "ben@acme.example"]
    assert all("192.0.2.1" in mail.body and "5 times" in mail.body for mail in told)
    kept = guards.of_person(ben).history.latest()
    assert (kept.locked_until, kept.actor_name) == (locked.value.until, "guard of signing")


@pytest.mark.req("P11-300d")
def test_while_signing_is_locked_even_the_right_components_do_not_sign(in_acme):
    ann = cast.person("ann")
    fail(ann, 4)
    with pytest.raises(actions.SigningLocked):
        show(ann, code="000000")
    with pytest.raises(actions.SigningLocked):
        show(ann, now=NOW + timedelta(minutes=14, seconds=59))
    assert show(ann, now=NOW + timedelta(minutes=15)).methods == ("password", "totp")


def test_failures_far_apart_or_before_a_success_do_not_lock(in_acme):
    ann = cast.person("ann")
    fail(ann, 4)
    fail(ann, 4, NOW + timedelta(minutes=15))
    show(ann, now=NOW + timedelta(minutes=16))
    fail(ann, 4, NOW + timedelta(minutes=16))
    assert guards.locked_until(ann, NOW + timedelta(minutes=16)) is None


def test_one_persons_failures_lock_nobody_else(in_acme):
    fail(cast.person("ben"), 4)
    fail(cast.person("ann"), 4)


def test_what_happens_in_one_tenant_locks_nobody_in_another(acme, globex):
    with schemas.inside(acme):
        fail(cast.person("ann"), 4)
        with pytest.raises(actions.SigningLocked):
            show(cast.person("ann"), code="000000")
    with schemas.inside(globex):
        assert show(cast.person("dov")).methods == ("password", "totp")


@pytest.mark.req("P11-300d")
def test_the_security_contact_is_told_in_place_of_the_administrators(in_acme):
    ben, said = cast.person("ben"), {"actor": cast.DIRECTOR, "now": NOW, "reason": "Named by the management"}
    contacts.keep(kind="security", full_name="Cora Contact", email="cora@acme.example", phone="", **said)
    contacts.confirm(token=mails.token_in(mails.newest("contact-verification")), now=NOW)
    fail(ben, 4)
    with pytest.raises(actions.SigningLocked):
        show(ben, code="000000")
    told = Email.objects.filter(template="signing-locked").select_related("subject_key")
    assert sorted(mail.to for mail in told) == ["ben@acme.example", "cora@acme.example"]
    to_contact = next(mail for mail in told if mail.to == "cora@acme.example")
    assert "in the name of Ben Privacy" in to_contact.body
    assert "11.300(d)" in to_contact.body
