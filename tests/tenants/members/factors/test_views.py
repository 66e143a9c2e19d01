import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.factors import hashing, queries
from tests import cast
from tests.soft_passkey import SoftPasskey

pytestmark = pytest.mark.django_db
BASE = "/account/signing/"
NASTY = ["", " ", "😀" * 50, "<script>alert(1)</script>", "x" * 100_000, "a\x00b", "'; DROP TABLE members_factor; --"]


@pytest.fixture
def ann(acme, sign_in) -> Iterator[Client]:
    return sign_in("ann")


@pytest.fixture
def fresh(acme, sign_in) -> Client:
    """Ben, whose app of the cast was lost."""
    with schemas.inside(acme):
        ben = cast.person("ben")
        from tenants.members.factors import actions

        actions.take_away(queries.factors_of(ben)[0], actor=ben.actor, now=timezone.now(), reason="Starts afresh")
    return sign_in("ben")


def code(key: str, acme) -> str:
    with schemas.inside(acme):
        return cast.code_of(cast.person(key), timezone.now())


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def begin(browser: Client, **changes: str):
    return browser.post(f"{BASE}authenticators/add/", {"name": "Phone", "password": cast.PASSWORD, **changes})


def pages(factor_id: str) -> list[str]:
    own = ["", "authenticators/add/", "passkeys/add/", "recovery-codes/", "policy/"]
    return [BASE + page for page in [*own, f"factors/{factor_id}/test/", f"factors/{factor_id}/remove/"]]


@pytest.mark.parametrize(("key", "policy"), [("ann", 200), ("sid", 200), ("cay", 403), ("pat", 200), ("sup", 403)])
@pytest.mark.req("P11-10g")
def test_everybody_may_have_second_factors_and_roles_that_sign_read_the_policy(acme, platform, sign_in, key, policy):
    there, prefix = (platform, "/console") if key in cast.PLATFORM else (acme, "")
    with schemas.inside(there):
        found = queries.factors_of(cast.person(key))
    browser = sign_in(key)
    # Of others' factors nobody learns anything.
    own = 200 if found else 404
    number = str(found[0].pk) if found else "00000000-0000-4000-8000-000000000000"
    assert [browser.get(prefix + page).status_code for page in pages(number)] == [200, 200, 200, 200, policy, own, own]


def test_the_account_page_says_what_is_in_place_and_what_is_not(ann, fresh, sign_in):
    assert "You can sign records electronically." in text(ann.get("/account/"))
    page = text(fresh.get("/account/"))
    assert "You cannot sign records yet." in page
    assert "Nothing set up" in page
    cay = text(sign_in("cay").get("/account/"))
    assert ("Second factors</h2>" in cay, "sign records" in cay) == (True, False)


@pytest.mark.req("P11-300e")
def test_somebody_sets_up_an_app_and_sees_the_recovery_codes_once(acme, fresh):
    confirm = begin(fresh).headers["Location"]
    page = text(fresh.get(confirm))
    assert 'src="data:image/svg+xml' in page
    key = re.search(r"<code>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})</code>", page)
    assert key is not None
    wrong = fresh.post(confirm, {"code": "000000"})
    assert (wrong.status_code, "This code does not hold" in text(wrong)) == (422, True)
    with schemas.inside(acme):
        factor = queries.begun(cast.person("ben"), timezone.now())
        assert hashing.in_groups(hashing.in_base32(queries.secret_of(factor))) == key[1]
        shown = hashing.code_at(queries.secret_of(factor), hashing.step_at(timezone.now()))
    done = fresh.post(confirm, {"code": shown})
    # Codes of the cast's first app are still there; they are not made anew.
    assert (done.status_code, done.headers["Location"]) == (302, BASE)
    assert "It counts from now on." in text(fresh.get(BASE))
    assert fresh.get(confirm).headers["Location"] == f"{BASE}authenticators/add/"


def test_new_recovery_codes_are_shown_in_the_answer_and_never_again(acme, ann):
    answer = ann.post(f"{BASE}recovery-codes/", {"password": cast.PASSWORD, "code": code("ann", acme)})
    found = re.findall(r"<code>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</code>", text(answer))
    assert (answer.status_code, len(set(found))) == (200, 10)
    assert "no-store" in answer.headers["Cache-Control"]
    assert not set(found) & set(re.findall(r"[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", text(ann.get(BASE))))


def test_what_was_typed_is_kept_but_for_what_proves_a_person(ann):
    answer = ann.post(f"{BASE}authenticators/add/", {"name": "My tablet", "password": "wrong one", "code": "000000"})
    page = text(answer)
    assert (answer.status_code, 'value="My tablet"' in page) == (422, True)
    assert "wrong one" not in page
    assert "000000" not in page


@pytest.mark.parametrize("typed", NASTY)
def test_nothing_typed_breaks_a_page(acme, ann, fresh, typed):
    with schemas.inside(acme):
        factor = queries.factors_of(cast.person("ann"))[0].pk
    said = {"name": typed, "password": typed, "code": typed, "reason": typed, "passkey": typed, "version": typed}
    answers = [ann.post(page, said) for page in pages(str(factor))[1:]]
    assert {answer.status_code for answer in answers} == {422}
    assert not any("<script>alert" in answer.content.decode() for answer in answers)


def test_an_app_is_removed_with_a_code_and_a_reason(acme, ann):
    with schemas.inside(acme):
        factor = queries.factors_of(cast.person("ann"))[0].pk
    page = f"{BASE}factors/{factor}/remove/"
    assert "only one" in text(ann.get(page))
    assert ann.post(page, {"code": "000000", "reason": "Phone was replaced"}).status_code == 422
    assert ann.post(page, {"code": code("ann", acme), "reason": "x"}).status_code == 422
    assert ann.post(page, {"code": code("ann", acme), "reason": "Phone was replaced"}).headers["Location"] == BASE
    assert "Nothing is set up yet" in text(ann.get(BASE))
    assert ann.get(page).status_code == 404


@pytest.mark.req("P11-300e")
def test_an_app_is_tested_with_a_code(acme, ann):
    with schemas.inside(acme):
        factor = queries.factors_of(cast.person("ann"))[0].pk
    page = f"{BASE}factors/{factor}/test/"
    assert ann.post(page, {"code": "000000"}).status_code == 422
    assert ann.post(page, {"code": code("ann", acme)}).headers["Location"] == BASE
    assert "counts for another 12 months" in text(ann.get(BASE))


@pytest.mark.req("P11-200a2")
def test_what_somebody_else_signs_with_is_not_there(acme, ann):
    with schemas.inside(acme):
        factor = queries.factors_of(cast.person("ben"))[0].pk
    for what in ("remove", "test"):
        assert ann.get(f"{BASE}factors/{factor}/{what}/").status_code == 404
        assert ann.post(f"{BASE}factors/{factor}/{what}/", {"code": code("ann", acme)}).status_code == 404


def options_of(page: str, name: str) -> dict:
    found = re.search(rf'data-passkey-{name}="([^"]+)"', page)
    assert found is not None
    return json.loads(found[1].replace("&quot;", '"'))


def test_a_passkey_is_made_and_tested_over_the_web(acme, ann):
    register = f"{BASE}passkeys/register/"
    assert ann.get(register).headers["Location"] == f"{BASE}passkeys/add/", "nothing was begun"
    said = {"name": "Laptop", "password": cast.PASSWORD, "code": code("ann", acme)}
    assert ann.post(f"{BASE}passkeys/add/", said).headers["Location"] == register
    key = SoftPasskey()
    made = key.create(options_of(ann.get(register).content.decode(), "create"))
    assert ann.post(register, {"passkey": json.dumps(made)}).headers["Location"] == BASE
    assert "Laptop" in text(ann.get(BASE))
    assert ann.post(register, {"passkey": json.dumps(made)}).headers["Location"] == f"{BASE}passkeys/add/"
    with schemas.inside(acme):
        page = f"{BASE}factors/{queries.passkeys(queries.factors_of(cast.person('ann')))[0].pk}/test/"
    old = options_of(ann.get(page).content.decode(), "get")
    new = options_of(ann.get(page).content.decode(), "get")
    assert ann.post(page, {"passkey": json.dumps(key.get(old))}).status_code == 422, "an earlier page's challenge"
    new = options_of(ann.get(page).content.decode(), "get")
    assert ann.post(page, {"passkey": json.dumps(key.get(new))}).headers["Location"] == BASE


@pytest.mark.req("P11-200b")
def test_a_passkey_that_does_not_know_its_owner_is_not_kept(acme, ann):
    said = {"name": "Laptop", "password": cast.PASSWORD, "code": code("ann", acme)}
    ann.post(f"{BASE}passkeys/add/", said)
    options = options_of(ann.get(f"{BASE}passkeys/register/").content.decode(), "create")
    made = SoftPasskey(knows_owner=False).create(options)
    answer = ann.post(f"{BASE}passkeys/register/", {"passkey": json.dumps(made)}, follow=True)
    assert "The passkey could not be used" in text(answer)
    assert "Laptop" not in text(ann.get(BASE))


def test_every_step_of_a_passkey_says_what_to_do_without_javascript(acme, ann):
    ann.post(f"{BASE}passkeys/add/", {"name": "Laptop", "password": cast.PASSWORD, "code": code("ann", acme)})
    for page in ("passkeys/add/", "passkeys/register/"):
        assert "A passkey needs JavaScript." in text(ann.get(BASE + page))
