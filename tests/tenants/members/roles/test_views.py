import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from audit import context
from tenants import schemas
from tenants.members.accounts.models import Invitation, User
from tenants.members.roles.models import CustomRole
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
WHY = "Asked for by the head of quality"
NIA = {"full_name": "Nia New", "email": "nia@acme.example", "job_title": "", "roles": ["member"], "reason": WHY}
ONE_PERSON = ["roles", "deactivate", "reactivate", "invite-again", "take-back-invitation"]


def pk_of(tenant, key: str) -> str:
    with schemas.inside(tenant):
        return str(cast.person(key).pk)


@pytest.mark.parametrize(
    ("key", "sees", "manages"),
    [("ann", 200, 200), ("ben", 200, 403), ("sid", 200, 403), ("aud", 200, 403), ("cay", 403, 403)],
)
@pytest.mark.req("P11-10g")
def test_each_role_sees_and_manages_what_the_catalogue_says(acme, sign_in, key, sees, manages):
    browser, cay = sign_in(key), pk_of(acme, "cay")
    assert [browser.get(path).status_code for path in ("/people/", f"/people/{cay}/")] == [sees, sees]
    assert browser.get("/people/invite/").status_code == manages
    for page in ONE_PERSON:
        assert browser.get(f"/people/{cay}/{page}/").status_code == manages
        if manages == 403:
            assert browser.post(f"/people/{cay}/{page}/", {"reason": WHY, "roles": ["tenant_admin"]}).status_code == 403
    with schemas.inside(acme):
        assert cast.person("cay").role_keys == ["member"]


@pytest.mark.parametrize("page", ["", *[f"{page}/" for page in ONE_PERSON]])
def test_a_person_of_another_tenant_is_not_found(acme, globex, sign_in, page):
    browser, foreign = sign_in("ann"), pk_of(globex, "gil")
    assert browser.get(f"/people/{foreign}/{page}").status_code == 404
    if page:
        assert browser.post(f"/people/{foreign}/{page}", {"reason": WHY, "roles": ["member"]}).status_code == 404


@pytest.mark.parametrize("pk", ["1", "not-an-id", "00000000-0000-0000-0000-000000000000"])
def test_an_id_that_nobody_has_is_not_found(acme, sign_in, pk):
    assert sign_in("ann").get(f"/people/{pk}/").status_code == 404


def test_the_list_shows_everybody_with_role_and_state(acme, sign_in):
    page = sign_in("ann").get("/people/").content.decode()
    for part in cast.ACME.values():
        assert part.name in page
        assert part.email in page
    assert "Dov Outsider" not in page
    assert "1 to 5 of 5 people" in page


def test_the_list_costs_the_same_queries_for_one_person_and_for_many(acme, sign_in, django_assert_max_num_queries):
    browser = sign_in("ann")
    for number in range(12):
        browser.post("/people/invite/", {**NIA, "email": f"nia{number}@acme.example"})
    with django_assert_max_num_queries(12):
        assert browser.get("/people/").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("email=BEN@acme.example", {"Ben Privacy"}),
        ("email=ben", set()),
        ("role=auditor", {"Aud Itor"}),
        ("state=invited", set()),
        ("state=deactivated", set()),
        ("state=active&role=member", {"Cay Member"}),
        ("email=%00", set()),
        ("email='%20OR%201=1", set()),
    ],
)
def test_the_list_is_narrowed_by_address_state_and_role(acme, sign_in, query, found):
    results = sign_in("ann").get(f"/people/?{query}").content.decode().split('id="results"')[1]
    shown = {part.name for part in cast.ACME.values() if part.name in results}
    if "%00" not in query:
        assert shown == found
    if not found and "%00" not in query:
        assert "Nobody matches" in results


@pytest.mark.parametrize(
    "query", ["state=nonsense&role=nonsense", "page=0", "page=9999", "page=x", "email=" + "x" * 9999]
)
def test_a_senseless_filter_or_page_shows_the_list(acme, sign_in, query):
    assert sign_in("ann").get(f"/people/?{query}").status_code == 200


def test_inviting_twice_makes_one_account_and_one_clear_message(acme, sign_in):
    browser = sign_in("ann")
    first, second = browser.post("/people/invite/", NIA), browser.post("/people/invite/", NIA)
    assert (first.status_code, second.status_code) == (302, 422)
    text = second.content.decode()
    assert "belongs to somebody who is already here" in text
    assert 'value="Nia New"' in text
    with schemas.inside(acme):
        assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"full_name": ""}, "name"),
        ({"full_name": "x" * 121}, "120"),
        ({"full_name": "a\x00b"}, "Null"),
        ({"email": "no address"}, "name@example.com"),
        ({"email": "<script>@x"}, "name@example.com"),
        ({"email": "x" * 300 + "@acme.example"}, "254"),
        ({"roles": []}, "at least one role"),
        ({"roles": ["platform_admin"]}, "roles listed"),
        ({"roles": ["'; DROP TABLE"]}, "roles listed"),
        ({"reason": ""}, "Say why"),
        ({"reason": "n/a"}, "at least 4 characters"),
        ({"reason": "x" * 501}, "500"),
    ],
)
def test_a_bad_invitation_is_refused_beside_the_field_and_nothing_is_lost(acme, sign_in, change, says):
    answer = sign_in("ann").post("/people/invite/", {**NIA, "job_title": "Keeps what was typed", **change})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert "Keeps what was typed" in text
    with schemas.inside(acme):
        assert User.objects.count() == len(cast.ACME)


def test_a_member_loses_the_session_at_once_when_deactivated(acme, sign_in):
    ann, cay = sign_in("ann"), sign_in("cay")
    assert cay.get("/").status_code == 200
    assert ann.post(f"/people/{pk_of(acme, 'cay')}/deactivate/", {"reason": "Left the company"}).status_code == 302
    assert cay.get("/").status_code == 302
    assert ann.post(f"/people/{pk_of(acme, 'cay')}/deactivate/", {"reason": "Left the company"}).status_code == 409
    assert ann.post(f"/people/{pk_of(acme, 'cay')}/reactivate/", {"reason": "Came back"}).status_code == 302
    assert cay.get("/").status_code == 302


@pytest.mark.req("ASVS-8.3.2")
def test_a_role_taken_away_ends_with_the_next_page(acme, sign_in):
    ann, ben = sign_in("ann"), sign_in("ben")
    assert ben.get("/people/").status_code == 200
    ann.post(f"/people/{pk_of(acme, 'ben')}/roles/", {"roles": ["member"], "reason": WHY})
    assert ben.get("/people/").status_code == 403


@pytest.mark.parametrize("page", ["roles", "deactivate"])
def test_ones_own_roles_and_account_are_for_others_to_change(acme, sign_in, page):
    browser, own = sign_in("ann"), pk_of(acme, "ann")
    answer = browser.post(f"/people/{own}/{page}/", {"roles": ["member"], "reason": WHY})
    assert answer.status_code == 422
    assert "Ask another administrator" in answer.content.decode()
    assert f"/people/{own}/{page}/" not in browser.get(f"/people/{own}/").content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "none", "x" * 501, "a\x00b"])
def test_without_a_reason_that_says_something_nothing_changes(acme, sign_in, reason):
    browser, cay = sign_in("ann"), pk_of(acme, "cay")
    for page in ("roles", "deactivate"):
        answer = browser.post(f"/people/{cay}/{page}/", {"roles": ["auditor"], "reason": reason})
        assert answer.status_code == 422
    with schemas.inside(acme):
        assert (cast.person("cay").role_keys, cast.person("cay").is_active) == (["member"], True)


def test_an_invitation_is_sent_again_and_taken_back(acme, sign_in, stranger):
    browser = sign_in("ann")
    person = browser.post("/people/invite/", NIA).headers["Location"]
    with schemas.inside(acme):
        first = mails.path_in(mails.newest("invitation"))
    assert browser.post(f"{person}invite-again/", {"reason": "Mail was lost"}).status_code == 302
    with schemas.inside(acme):
        second = mails.path_in(mails.newest("invitation"))
    assert (stranger("acme.localhost").get(first).status_code, stranger("acme.localhost").get(second).status_code) == (
        410,
        200,
    )
    assert browser.post(f"{person}take-back-invitation/", {"reason": "Wrong person"}).status_code == 302
    assert browser.post(f"{person}take-back-invitation/", {"reason": "Wrong person"}).status_code == 409
    assert stranger("acme.localhost").get(second).status_code == 410
    assert "Invitation taken back" in browser.get(person).content.decode()


def test_an_expired_invitation_is_flagged(acme, sign_in):
    browser = sign_in("ann")
    person = browser.post("/people/invite/", NIA).headers["Location"]
    assert "Invited" in browser.get(person).content.decode()
    with schemas.inside(acme), context.regulated_write(actor=context.service("clock"), reason="Time passes"):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Invitation expired" in browser.get(person).content.decode()


def test_staff_manage_staff_with_the_roles_of_the_platform(platform, sign_in):
    browser = sign_in("pat")
    page = browser.get("/console/people/invite/").content.decode()
    assert "Security team" in page
    assert "Tenant admin" not in page
    answer = browser.post("/console/people/invite/", {**NIA, "roles": ["support"]})
    assert answer.status_code == 302
    assert mails.link_in(mails.newest("invitation")).startswith("http://localhost:8000/console/invitation/")


TRAIL = {"name": "Trail reader", "purpose": "Reads the trail", "audit": ["audit.view_history"], "reason": WHY}


def made(browser, **changes) -> str:
    """The key of a role made through the page."""
    assert browser.post("/people/roles/add/", {**TRAIL, **changes}).status_code == 302
    with schemas.inside(cast.tenant("acme")):
        return CustomRole.objects.latest("created_at").pk


@pytest.mark.req("P11-10d")
def test_an_admin_makes_changes_gives_and_retires_a_role(acme, sign_in):
    ann, cay = sign_in("ann"), sign_in("cay")
    key = made(ann)
    assert "Trail reader" in ann.get("/people/roles/").content.decode()
    person = f"/people/{pk_of(acme, 'cay')}/"
    assert "Trail reader: Reads the trail" in ann.get(f"{person}roles/").content.decode()
    assert ann.post(f"{person}roles/", {"roles": [key], "reason": WHY}).status_code == 302
    assert cay.get("/trail/").status_code == 200
    assert "Cay Member" in ann.get(f"/people/?role={key}").content.decode().split('id="results"')[1]
    changed = {**TRAIL, "audit": [], "members": ["members.view_people"], "name": "Phone book"}
    assert ann.post(f"/people/roles/{key}/", changed).status_code == 302
    assert (cay.get("/trail/").status_code, cay.get("/people/").status_code) == (403, 200)
    assert ann.post(f"/people/roles/{key}/retire/", {"reason": WHY}).status_code == 422
    assert ann.post(f"{person}roles/", {"roles": ["member"], "reason": WHY}).status_code == 302
    assert ann.post(f"/people/roles/{key}/retire/", {"reason": WHY}).status_code == 302
    assert ann.get(f"/people/roles/{key}/").status_code == 404
    assert "Retired" in ann.get("/people/roles/").content.decode()
    story = ann.get(f"/history/members.customrole/{key}/").content.decode()
    assert "see who works here" in story
    assert WHY in story


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 61}, "60"),
        ({"name": "Tenant Admin"}, "already"),
        ({"purpose": ""}, "what the role is for"),
        ({"audit": []}, "at least one permission"),
        ({"audit": ["tenants.provision"]}, "permissions listed"),
        ({"audit": ["privacy.view_requests"]}, "permissions listed"),
        ({"members": ["\x00"]}, "permissions listed"),
        ({"reason": "n/a"}, "at least 4 characters"),
    ],
)
def test_a_bad_role_is_refused_beside_the_field_and_nothing_is_lost(acme, sign_in, change, says):
    answer = sign_in("ann").post("/people/roles/add/", {**TRAIL, **change})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    with schemas.inside(acme):
        assert CustomRole.objects.count() == 0


@pytest.mark.req("ASVS-15.3.3")
def test_what_a_form_does_not_ask_for_is_not_taken(acme, sign_in):
    extra = {"key": "c_00000000", "permissions": ["tenants.provision"], "tenants": ["tenants.provision"], "id": "1"}
    extra |= {"created_by": "Nobody", "retired_at": "2026-01-01"}
    key = made(sign_in("ann"), **extra)
    with schemas.inside(acme):
        role = CustomRole.objects.get(pk=key)
    assert (key == "c_00000000", role.permissions, role.retired_at) == (False, ["audit.view_history"], None)
    assert role.created_by == "Ann Admin (Tenant admin)"


@pytest.mark.req("P11-10g")
def test_only_what_one_may_oneself_is_offered(acme, sign_in):
    ann = sign_in("ann")
    key = made(ann, members=["members.view_people", "members.manage_people"])
    ann.post(f"/people/{pk_of(acme, 'cay')}/roles/", {"roles": [key], "reason": WHY})
    page = sign_in("cay").get("/people/roles/add/").content.decode()
    assert "members.manage_people" in page
    assert "members.sign" not in page
    refused = sign_in("cay").post("/people/invite/", {**NIA, "roles": ["auditor"]})
    assert (refused.status_code, "You may not yourself" in refused.content.decode()) == (422, True)


@pytest.mark.req("ASVS-8.2.1", "P11-10g")
def test_who_can_do_what_is_a_page_and_a_file_with_the_roles_made_here(acme, sign_in):
    made(sign_in("ann"), name="=cmd|'/c calc'!A0")
    page = sign_in("aud").get("/people/roles/matrix/").content.decode()
    assert "Access review from open to signed off: responsibility." in page
    assert "=cmd|" in page
    file = sign_in("aud").get("/people/roles/matrix.csv")
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    head, _keys, *body = csv.reader(io.StringIO(file.content.decode().removeprefix("\ufeff")))
    assert head[-1] == "'=cmd|'/c calc'!A0"
    column = len(head) - 1
    assert [row[0] for row in body if row[column] == "yes"] == ["audit.view_history"]
    assert not any(row[0].startswith("tenants.") for row in body)


def test_the_roles_of_staff_are_shown_and_none_is_made(platform, sign_in):
    pat = sign_in("pat")
    page = pat.get("/console/people/roles/").content.decode()
    assert "Security team" in page
    assert "Make a role" not in page
    assert pat.get("/console/people/roles/add/").status_code == 404
    assert "Decide on a colleague" in pat.get("/console/people/roles/matrix/").content.decode()


@pytest.mark.parametrize(
    "path", ["roles/add/", "roles/{key}/", "roles/{key}/retire/", "{cay}/roles/", "{cay}/deactivate/"]
)
@pytest.mark.req("ASVS-8.2.1")
def test_what_changes_rights_asks_again_who_one_is(acme, path):
    with schemas.inside(acme):
        long_ago = timezone.now() - timedelta(hours=1)
        browser = cast.browser(cast.person("ann"), acme, proved_at=long_ago)
    path = path.format(key="c_00000000", cay=pk_of(acme, "cay"))
    for answer in (browser.get(f"/people/{path}"), browser.post(f"/people/{path}", {"reason": WHY})):
        assert (answer.status_code, "prove" in answer["Location"]) == (302, True)
