import pytest

from tenants import schemas
from tenants.members.access_policies import queries
from tenants.members.access_policies.catalogue import STAFF, TENANT, SecondFactor
from tests import cast

pytestmark = pytest.mark.django_db
SAID = {
    "second_factor": "optional",
    "idle": "480",
    "admin_idle": "30",
    "absolute": "720",
    "sessions_at_once": "5",
    "networks": "",
    "password_length": "12",
    "reason": "Decided by the security officer",
}
STAFF_SAID = {
    "idle": "10",
    "admin_idle": "10",
    "absolute": "240",
    "sessions_at_once": "2",
    "networks": "",
    "password_length": "16",
    "reason": "Decided by the security team",
}


@pytest.mark.parametrize("path", ["/access/", "/access/rules/"])
def test_only_who_manages_access_comes_here(acme, sign_in, stranger, path):
    codes = {key: sign_in(key).get(path).status_code for key in cast.ACME}
    assert codes == {"ann": 200, "ben": 403, "sid": 403, "cay": 403, "aud": 403}
    assert stranger("acme.localhost").get(path).status_code == 302


def test_nobody_else_changes_the_rules(acme, sign_in):
    for key in ("ben", "sid", "cay", "aud"):
        assert sign_in(key).post("/access/rules/", SAID | {"sessions_at_once": "1"}).status_code == 403
    with schemas.inside(acme):
        assert queries.rules() == TENANT


def test_the_page_of_all_parts_shows_those_of_this_host_with_their_state(acme, platform, sign_in):
    page = sign_in("ann").get("/access/").content.decode()
    assert 'href="/access/rules/"' in page
    assert "Second factor left to each person" in page
    assert "Sessions last at most 12 hours and rest at most 8 hours, from anywhere." in page
    console = sign_in("pat").get("/console/access/").content.decode()
    assert "Second factor required for everybody" in console
    assert "Directory" not in console
    assert "Visits of Complere" not in console.split("<main")[1]


def test_rules_are_chosen_and_told(acme, sign_in):
    ann = sign_in("ann")
    said = SAID | {
        "second_factor": "by_role",
        "second_factor_roles": ["tenant_admin", "auditor"],
        "idle": "60",
        "networks": "127.0.0.0/8\n\n 2001:db8::/32 \n127.0.0.0/8",
        "sessions_at_once": "2",
    }
    answer = ann.post("/access/rules/", said, follow=True)
    assert "The rules are changed" in answer.content.decode()
    assert "Second factor required for some roles" in answer.content.decode()
    with schemas.inside(acme):
        rules = queries.rules()
    assert (rules.second_factor, rules.second_factor_roles) == (SecondFactor.BY_ROLE, ("auditor", "tenant_admin"))
    assert (rules.networks, rules.sessions_at_once) == (("127.0.0.0/8", "2001:db8::/32"), 2)
    page = ann.get("/access/rules/").content.decode()
    assert "Last changed by Ann Admin (Tenant admin)" in page
    assert "127.0.0.0/8\n2001:db8::/32" in page
    history = ann.get("/history/members.accesspolicy/1/").content.decode()
    assert "Required for the roles chosen below" in history
    assert "Tenant admin" in history


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"idle": "4"}, "Enter a whole number between 5 and 1440."),
        ({"idle": ""}, "Enter a whole number between 5 and 1440."),
        ({"idle": "1e9"}, "Enter a whole number between 5 and 1440."),
        ({"idle": "9" * 400}, "Enter a whole number between 5 and 1440."),
        ({"absolute": "-1"}, "Enter a whole number between 15 and 1440."),
        ({"absolute": "60"}, "A session cannot rest longer than it lasts at all."),
        ({"admin_idle": "600"}, "may not rest longer than everybody else"),
        ({"networks": "203.0.113.7/24\nx"}, "“203.0.113.7/24”, “x” is no network."),
        ({"networks": "198.51.100.0/24"}, "This would shut you out: you are at 127.0.0.1."),
        ({"networks": "\x0010.0.0.0/8"}, "Null characters are not allowed."),
        ({"second_factor": "never"}, "Select a valid choice."),
        ({"second_factor": "by_role"}, "Choose at least one of the roles that there are here."),
        ({"second_factor": "by_role", "second_factor_roles": ["legal"]}, "Choose from the roles listed."),
        ({"reason": "x"}, "Give a reason of at least 4 characters"),
        ({"reason": ""}, "Say why, in a few words."),
        ({}, "Nothing is changed: these are the rules that hold."),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(acme, sign_in, said, message):
    ann = sign_in("ann")
    if not said:
        assert ann.post("/access/rules/", SAID).status_code == 302
    answer = ann.post("/access/rules/", SAID | said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert "error-summary" in page
    if not said:
        return
    with schemas.inside(acme):
        assert queries.policy() is None
    if "networks" in said and "\x00" not in said["networks"]:
        assert said["networks"] in page


def test_nobody_shuts_themselves_out(acme, sign_in):
    with schemas.inside(acme):
        ann = cast.browser(cast.person("ann"), acme)
    answer = ann.post("/access/rules/", SAID | {"networks": "127.0.0.1"}, REMOTE_ADDR="203.0.113.9")
    assert (answer.status_code, "you are at 203.0.113.9" in answer.content.decode()) == (422, True)
    assert ann.post("/access/rules/", SAID | {"networks": "203.0.113.9"}, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_without_a_provider_that_works_it_cannot_be_made_the_only_way(acme, sign_in, monkeypatch):
    monkeypatch.setattr(queries, "_enforceable", [])
    ann = sign_in("ann")
    assert "identity provider only" not in ann.get("/access/rules/").content.decode()
    ann.post("/access/rules/", SAID | {"sso_required": "on", "sessions_at_once": "4"})
    with schemas.inside(acme):
        assert (queries.rules().sso_required, queries.rules().sessions_at_once) == (False, 4)


def test_a_provider_that_works_is_made_the_only_way_beside_a_recovery_account(acme, sign_in, monkeypatch):
    monkeypatch.setattr(queries, "_enforceable", [lambda: True])
    ann = sign_in("ann")
    page = ann.get("/access/rules/").content.decode()
    assert "People come in by the identity provider only" in page
    assert "Ann Admin (Tenant admin)" in page
    assert "Ben Privacy" not in page
    assert ann.post("/access/rules/", SAID | {"sso_required": "on"}).status_code == 422
    with schemas.inside(acme):
        own = str(cast.person("ann").pk)
    said = SAID | {"sso_required": "on", "recovery_accounts": [own]}
    assert ann.post("/access/rules/", said).status_code == 302
    with schemas.inside(acme):
        assert queries.rules().recovery_accounts == (own,)
    assert "Ann Admin" in ann.get("/history/members.accesspolicy/1/").content.decode()


@pytest.mark.req("ASVS-15.3.3")
def test_fields_that_the_form_does_not_have_change_nothing(acme, platform, sign_in):
    extra = {"id": "2", "changed_by": "Nobody", "second_factor": "optional", "sso_required": "on"}
    assert sign_in("pat").post("/console/access/rules/", STAFF_SAID | extra).status_code == 302
    with schemas.on_platform():
        rules, policy = queries.rules(), queries.policy()
    assert (rules.second_factor, rules.sso_required, policy.changed_by) == (
        SecondFactor.REQUIRED,
        False,
        "Pat Platform (Platform admin)",
    )


@pytest.mark.req("ASVS-8.4.2")
def test_staff_choose_within_what_is_set_for_them(platform, sign_in):
    pat = sign_in("pat")
    for name, value in (("idle", "16"), ("absolute", "481"), ("sessions_at_once", "4"), ("password_length", "14")):
        assert pat.post("/console/access/rules/", STAFF_SAID | {name: value}).status_code == 422
    with schemas.on_platform():
        assert queries.rules() == STAFF


@pytest.mark.req("ASVS-3.5.1")
def test_rules_are_not_changed_by_a_foreign_form(acme, sign_in):
    from django.conf import settings
    from django.test import Client

    strict = Client(headers={"host": "acme.localhost"}, enforce_csrf_checks=True)
    strict.cookies[settings.SESSION_COOKIE_NAME] = sign_in("ann").cookies[settings.SESSION_COOKIE_NAME].value
    assert strict.post("/access/rules/", SAID | {"sessions_at_once": "1"}).status_code == 403
    with schemas.inside(acme):
        assert queries.policy() is None
