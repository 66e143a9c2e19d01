"""Signing in the browser: everything that must keep a signature from being given. Leo approves what Tess wrote."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from django.test import Client
from django.utils import timezone
from webauthn.helpers import base64url_to_bytes

from audit.signatures import queries as signatures
from audit.signatures.models import Signature
from tenants.members import signature_form
from tenants.members.factors import actions as factors
from tenants.members.roles import actions as roles
from tenants.members.signatures import actions as shown
from tenants.members.signing_rights import actions as rights
from tenants.members.signing_rights import queries as rights_queries
from tests import cast, signing_desk
from tests.soft_passkey import SoftPasskey
from tests.trust_center.documents import shelf
from trust_center.claims import actions, queries
from trust_center.claims.models import Statement
from trust_center.claims.states import State

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
WHY = "Read and right"


@pytest.fixture(autouse=True)
def drafts(platform: Any) -> None:
    tess, now = cast.person("tess").actor, timezone.now()
    for place, code in enumerate(("C04", "C10"), start=1):
        values = shelf.statement(code, place)
        actions.load(values, None, digest=code, actor=tess, now=now, reason="Written by Tess")


@pytest.fixture
def leo(sign_in: SignIn) -> Client:
    return sign_in("leo")


def path(code: str = "C04") -> str:
    return f"/console/content/entries/{code}/publish/"


def is_public(code: str = "C04") -> bool:
    return queries.in_state(code, State.PUBLISHED) is not None


def draft(code: str = "C04") -> Statement:
    found = queries.in_state(code, State.DRAFT)
    assert found is not None
    return found


def sent(client: Client, of: str = "C04", **more: str) -> dict[str, str]:
    """What Leo would send to sign, with what is given in place of the right answers."""
    return signing_desk.answer(client.get(path(of)), "leo", at=timezone.now(), **{"reason": WHY, **more})


def errors(answer: Any) -> dict[str, list[str]]:
    return {name: list(found) for name, found in answer.context["form"].errors.items()}


# --- What the page shows and what is kept -------------------------------------------------------


@pytest.mark.req("P11-50a", "P11-200a1")
def test_the_page_says_before_what_the_signature_will_say(leo: Client) -> None:
    page = leo.get(path()).content.decode()
    for words in ("Leo Legal, Legal", "Approval: I approve this for use", "in Europe/Berlin and UTC"):
        assert words in page, words
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page


@pytest.mark.req("P11-50a", "P11-70", "P11-200a1")
def test_a_signature_names_who_when_what_for_and_exactly_what(leo: Client) -> None:
    signed, version = draft(), 1
    assert leo.post(path(), sent(leo)).status_code == 302
    found = signatures.of_record(signed).get()
    assert (found.signer_name, found.signer_role, found.meaning) == ("Leo Legal", "Legal", "approval")
    assert (found.signed_version, found.from_state, found.to_state) == (version, "draft", "published")
    assert (found.methods, found.time_zone, found.reason) == (["password", "totp"], "Europe/Berlin", WHY)
    assert timedelta(0) <= found.signed_at - found.authenticated_at <= timedelta(seconds=60)
    assert signatures.standing(found).holds


@pytest.mark.req("P11-200a1")
def test_nothing_that_proves_a_person_is_written_back_into_a_page(leo: Client) -> None:
    answer = leo.post(path(), sent(leo, password="not the one", reason="Typed by hand"))
    page = answer.content.decode()
    code = signing_desk.code_of("leo", timezone.now())
    assert ("not the one" in page, f'value="{code}"' in page, "Typed by hand" in page) == (False, False, True)


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.req("P11-200a1")
@pytest.mark.parametrize(
    "wrong", [{"password": "not the one"}, {"code": "000000"}, {"password": "not the one", "code": "000000"}]
)
def test_whichever_component_is_wrong_the_answer_is_the_same(leo: Client, wrong: dict[str, str]) -> None:
    answer = leo.post(path(), sent(leo, **wrong))
    assert (answer.status_code, errors(answer)) == (422, {"password": [signature_form.REFUSED]})
    assert not is_public()


@pytest.mark.req("P11-200a1")
@pytest.mark.parametrize(
    ("left_out", "beside"), [("password", "password"), ("code", "code"), ("meaning", "meaning"), ("reason", "reason")]
)
def test_what_is_left_out_is_asked_for_beside_its_field(leo: Client, left_out: str, beside: str) -> None:
    answer = leo.post(path(), sent(leo, **{left_out: ""}))
    assert (answer.status_code, list(errors(answer))) == (422, [beside])
    assert not is_public()


@pytest.mark.req("P11-200a1ii")
def test_a_code_signs_once(leo: Client) -> None:
    given = sent(leo)
    assert leo.post(path(), given).status_code == 302
    again = leo.post(path("C10"), sent(leo, "C10", code=given["code"]))
    assert (again.status_code, errors(again)) == (422, {"password": [signature_form.REFUSED]})
    assert not is_public("C10")


@pytest.mark.req("P11-50a")
def test_a_meaning_that_the_step_does_not_have_is_refused(leo: Client) -> None:
    for meaning in ("authorship", "review", "made up"):
        answer = leo.post(path(), sent(leo, meaning=meaning))
        assert (answer.status_code, list(errors(answer))) == (422, ["meaning"])
    assert not is_public()


@pytest.mark.req("P11-70")
def test_a_record_that_was_changed_meanwhile_is_read_again_first(leo: Client) -> None:
    given, row = sent(leo), draft()
    seen = queries.wording_digest([row])
    actions.edit("C04", wording={"text": "Sneaked in."}, seen=seen, actor=cast.person("tess").actor,
                 now=timezone.now(), reason="Another thought")  # fmt: skip
    answer = leo.post(path(), given)
    assert (answer.status_code, errors(answer)) == (422, {"__all__": [signature_form.STALE]})
    assert b"Sneaked in." in answer.content
    assert not is_public()


def test_what_one_page_shows_does_not_sign_another(leo: Client) -> None:
    other = sent(leo, "C10")
    answer = leo.post(path("C04"), other)
    assert (answer.status_code, errors(answer)) == (422, {"__all__": [signature_form.STALE]})


@pytest.mark.req("P11-200a2")
def test_what_was_shown_to_one_person_is_signed_by_no_other(leo: Client, sign_in: SignIn) -> None:
    foreign = signing_desk.answer(sign_in("tess").get(path()), "tess", at=timezone.now())["seen"]
    answer = leo.post(path(), sent(leo, seen=foreign))
    assert (answer.status_code, errors(answer)) == (422, {"__all__": [signature_form.STALE]})


@pytest.mark.req("P11-200a2")
def test_the_components_of_another_person_sign_nothing(leo: Client) -> None:
    answer = leo.post(path(), sent(leo, code=signing_desk.code_of("tess", timezone.now())))
    assert (answer.status_code, errors(answer)) == (422, {"password": [signature_form.REFUSED]})


@pytest.mark.parametrize("seen", ["", "made up", "eyJ9:1:2", "\x00"])
def test_a_page_that_was_never_shown_is_not_signed(leo: Client, seen: str) -> None:
    assert leo.post(path(), sent(leo, seen=seen)).status_code == 422
    assert not is_public()


def test_a_page_that_lay_open_too_long_is_read_again(leo: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    given = sent(leo)
    monkeypatch.setattr(shown, "PAGE_LIVES", timedelta(seconds=-1))
    assert errors(leo.post(path(), given)) == {"__all__": [signature_form.STALE]}


@pytest.mark.req("P11-10g")
def test_who_wrote_it_does_not_approve_it(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    page = tess.get(path())
    assert (b"another person signs it" in page.content, b"one-time-code" in page.content) == (True, False)
    answer = tess.post(path(), signing_desk.answer(page, "tess", at=timezone.now(), reason=WHY))
    assert (answer.status_code, is_public()) == (422, False)


@pytest.mark.req("P11-100b", "P11-10j")
def test_who_is_not_ready_is_told_what_is_missing_in_place_of_the_fields(leo: Client) -> None:
    given = sent(leo)
    person, pat = cast.person("leo"), cast.person("pat").actor
    check = rights_queries.standing_check(person)
    assert check is not None
    rights.withdraw_identity(check, actor=pat, now=timezone.now(), reason="Passport was another's")
    page = leo.get(path())
    assert b"Your identity has not been verified" in page.content
    assert b"one-time-code" not in page.content
    answer = leo.post(path(), given)
    assert (answer.status_code, errors(answer)) == (422, {"__all__": [signature_form.MISSING]})
    assert not is_public()


@pytest.mark.req("P11-300d")
def test_signing_locks_after_failures_and_says_until_when(leo: Client) -> None:
    answers = [leo.post(path(), sent(leo, code="000000")) for _ in range(5)]
    assert [list(errors(answer)) for answer in answers] == [["password"]] * 5
    assert "Signing is locked until" in errors(answers[-1])["password"][0]
    right = leo.post(path(), sent(leo))
    assert (right.status_code, "locked until" in errors(right)["password"][0], is_public()) == (422, True, False)


def test_a_stranger_and_a_role_that_does_not_publish_sign_nothing(sign_in: SignIn, stranger: Any, leo: Client) -> None:
    given = sent(leo)
    assert stranger("localhost").post(path(), given).status_code == 302
    assert sign_in("stan").post(path(), given).status_code == 403
    assert (is_public(), Signature.objects.count()) == (False, 0)


# --- Series (§11.200(a)(1)(i)) ------------------------------------------------------------------


@pytest.fixture
def series(leo: Client) -> None:
    now, pat = timezone.now(), cast.person("pat").actor
    policy = rights.publish(
        text="We sign.", series_minutes=10, effective_at=now, actor=pat, now=now, reason="Many drafts in a row"
    )
    person = cast.person("leo")
    rights.record_acceptance(person, version=policy.version, actor=person.actor, now=now, reason="Accepted")


@pytest.mark.req("P11-200a1i", "P11-200a1ii")
def test_without_a_series_every_signature_takes_all_components(leo: Client) -> None:
    assert leo.post(path(), sent(leo)).status_code == 302
    next_code = signing_desk.code_of("leo", timezone.now() + timedelta(seconds=30))
    refused = leo.post(path("C10"), sent(leo, "C10", password="", code=next_code))
    assert (refused.status_code, list(errors(refused))) == (422, ["password"])


@pytest.mark.req("P11-200a1i")
def test_in_a_series_later_signatures_take_what_only_the_person_has(leo: Client, series: None) -> None:
    first = leo.post(path(), sent(leo, password=""))
    assert list(errors(first)) == ["password"]
    assert leo.post(path(), sent(leo)).status_code == 302
    page = leo.get(path("C10"))
    assert (b"Your password" in page.content, b"One-time code" in page.content) == (False, True)
    wrong = leo.post(path("C10"), sent(leo, "C10", password="", code="000000"))
    assert errors(wrong) == {"code": [signature_form.REFUSED]}
    next_code = signing_desk.code_of("leo", timezone.now() + timedelta(seconds=30))
    assert leo.post(path("C10"), sent(leo, "C10", password="", code=next_code)).status_code == 302
    published = queries.in_state("C10", State.PUBLISHED)
    assert published is not None
    assert signatures.of_record(published).get().methods == ["session", "totp"]


@pytest.mark.req("P11-200a1i", "P11-200a1ii")
def test_a_series_ends_with_its_time_and_with_the_session(leo: Client, sign_in: SignIn, series: None) -> None:
    assert leo.post(path(), sent(leo)).status_code == 302
    assert b"Your password" not in leo.get(path("C10")).content
    assert b"Your password" in sign_in("leo").get(path("C10")).content
    session = leo.session
    session[signature_form.SERIES] = (timezone.now() - timedelta(minutes=10)).isoformat()
    session.save()
    assert b"Your password" in leo.get(path("C10")).content


# --- Passkeys -----------------------------------------------------------------------------------


@pytest.fixture
def passkey(leo: Client) -> SoftPasskey:
    person, now, made = cast.person("leo"), timezone.now() - timedelta(minutes=2), b"m" * 32
    key = SoftPasskey(origin="http://localhost:8000", rp_id="localhost")
    code = cast.code_of(person, now)
    options = factors.begin_passkey(person, name="Laptop", password=cast.PASSWORD, code=code, challenge=made, now=now)
    factors.register_passkey(person, name="Laptop", response=key.create(options), challenge=made, now=now)
    return key


def asked(client: Client, given: dict[str, str]) -> Any:
    return client.post("/signatures/challenge/", {name: given[name] for name in ("seen", "meaning")})


@pytest.mark.req("P11-70", "P11-200a1", "P11-200b")
def test_a_passkey_signs_a_challenge_that_is_the_digest_of_exactly_what_is_shown(
    leo: Client, passkey: SoftPasskey
) -> None:
    row, given = draft(), sent(leo, code="")
    options = asked(leo, given).json()
    assert options["userVerification"] == "required"
    given["passkey"] = json.dumps(passkey.get(options))
    assert leo.post(path(), given).status_code == 302
    found = signatures.of_record(row).get()
    assert (found.methods, found.evidence["user_verified"]) == (["password", "passkey"], "true")
    intent = json.loads(found.evidence["challenge"])
    assert rfc8785.dumps(intent).decode() == found.evidence["challenge"]
    assert hashlib.sha256(found.evidence["challenge"].encode()).digest() == base64url_to_bytes(options["challenge"])
    record = f"trust_center.statement:{row.pk}"
    assert intent["records"] == [{"record": record, "version": 1, "leaf": found.signed_leaf, "from": "draft"}]
    assert (intent["to"], intent["meaning"], intent["signer"]) == ("published", "approval", str(found.signer_id))


@pytest.mark.req("P11-200a1")
def test_a_passkey_without_the_password_signs_nothing(leo: Client, passkey: SoftPasskey) -> None:
    given = sent(leo, code="", password="not the one")
    given["passkey"] = json.dumps(passkey.get(asked(leo, given).json()))
    assert errors(leo.post(path(), given)) == {"password": [signature_form.REFUSED]}


@pytest.mark.req("P11-200a1", "P11-70")
def test_a_challenge_is_good_for_a_minute_once_and_for_its_own_page(
    leo: Client, passkey: SoftPasskey, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = sent(leo, code="")
    given["passkey"] = json.dumps(passkey.get(asked(leo, given).json()))
    other = sent(leo, "C10", code="", passkey=given["passkey"])
    assert errors(leo.post(path("C10"), other)) == {"__all__": [signature_form.AGAIN]}
    # Asked for and used up by the page before.
    assert errors(leo.post(path(), given)) == {"__all__": [signature_form.AGAIN]}
    given = sent(leo, code="")
    given["passkey"] = json.dumps(passkey.get(asked(leo, given).json()))
    monkeypatch.setattr(shown, "CHALLENGE_LIVES", timedelta(seconds=-1))
    assert errors(leo.post(path(), given)) == {"__all__": [signature_form.AGAIN]}
    assert not is_public()


@pytest.mark.parametrize("answer", ["{}", "[]", "null", "nonsense", '{"id": 1}', '{"response": []}', "[" * 2000])
def test_an_answer_that_is_none_breaks_nothing(leo: Client, passkey: SoftPasskey, answer: str) -> None:
    given = sent(leo, code="", passkey=answer)
    asked(leo, given)
    assert leo.post(path(), given).status_code == 422
    assert not is_public()


def test_a_challenge_is_made_for_a_page_that_was_shown_only(leo: Client, stranger: Any) -> None:
    assert asked(leo, {"seen": "made up", "meaning": "approval"}).status_code == 422
    assert leo.get("/signatures/challenge/").status_code == 405
    assert asked(stranger("localhost"), sent(leo)).status_code == 302


def test_a_person_who_was_deactivated_signs_nothing(leo: Client) -> None:
    given = sent(leo)
    roles.deactivate(cast.person("leo"), actor=cast.person("pat").actor, now=timezone.now(), reason="Left us")
    assert leo.post(path(), given).status_code == 302
    assert not is_public()
