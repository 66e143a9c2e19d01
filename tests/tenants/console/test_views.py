import pytest
from django.urls import reverse

from tenants import schemas
from tenants.members.accounts.models import User
from tenants.tenancy.models import Tenant
from tests import cast

pytestmark = pytest.mark.django_db
INITECH = {
    "name": "Initech",
    "host": "initech.localhost",
    "region": "eu-central",
    "plan": "standard",
    "admin_name": "Ina Initech",
    "admin_email": "ina@initech.example",
    "reason": "Contract 2026-114 signed",
}
STAFF = [
    ("pat", 200, 200),
    ("sam", 200, 403),
    ("sup", 200, 403),
    ("stan", 200, 403),
    ("tess", 403, 403),
    ("leo", 403, 403),
]
MOVES = ["suspend", "resume", "close"]


def at(page: str, tenant: Tenant) -> str:
    return f"/console/tenants/{tenant.pk}/{page}"


@pytest.mark.parametrize(("key", "sees", "changes"), STAFF)
def test_each_role_sees_and_changes_tenants_as_the_catalogue_says(acme, sign_in, key, sees, changes):
    browser = sign_in(key)
    assert [browser.get(path).status_code for path in ("/console/tenants/", at("", acme))] == [sees, sees]
    assert browser.get("/console/tenants/provision/").status_code == changes
    for move in MOVES:
        assert browser.get(at(f"{move}/", acme)).status_code == changes
    if changes == 403:
        assert browser.post("/console/tenants/provision/", INITECH).status_code == 403
        assert browser.post(at("suspend/", acme), {"reason": "Bill not paid"}).status_code == 403
        assert Tenant.objects.get(pk=acme.pk).state == "active"


@pytest.mark.parametrize("path", ["/console/tenants/", "/tenants/", "/console/tenants/provision/"])
def test_a_tenants_own_host_has_no_console(acme, sign_in, path):
    assert sign_in("ann").get(path).status_code == 404


def test_a_stranger_is_sent_to_sign_in(platform, stranger):
    answer = stranger("localhost").get("/console/tenants/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/sign-in/?next=%2Fconsole%2Ftenants%2F")


def test_provisioning_from_the_console_makes_a_workspace_that_answers(platform, sign_in, stranger):
    browser = sign_in("pat")
    answer = browser.post("/console/tenants/provision/", INITECH)
    made = Tenant.objects.get(name="Initech")
    assert (answer.status_code, answer.headers["Location"]) == (302, at("", made))
    page = browser.get(at("", made)).content.decode()
    for text in (made.schema_name, "http://initech.localhost:8000", "EU Central (Frankfurt)", "None yet", "Not named"):
        assert text in page
    assert stranger("initech.localhost").get("/sign-in/").status_code == 200


def test_the_page_of_a_tenant_names_nobody_who_works_there(acme, sign_in):
    page = sign_in("pat").get(at("", acme)).content.decode()
    for part in cast.ACME.values():
        assert part.name not in page
        assert part.email not in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "name of the customer"),
        ({"name": "x" * 121}, "120"),
        ({"name": "a\x00b"}, "Null"),
        ({"host": ""}, "Enter the host name"),
        ({"host": "initech"}, "full host name"),
        ({"host": "[::1"}, "full host name"),
        ({"host": "a b.example"}, "full host name"),
        ({"host": "http://initech.example"}, "full host name"),
        ({"host": "initech.example:8000"}, "full host name"),
        ({"host": "😀.example"}, "full host name"),
        ({"host": "../x.example"}, "full host name"),
        ({"host": "-x.example"}, "full host name"),
        ({"host": "x" * 64 + ".example"}, "full host name"),
        ({"host": "www.initech.example"}, "reserved"),
        ({"host": "acme.localhost"}, "already leads"),
        ({"host": "localhost"}, "full host name"),
        ({"region": "us-east"}, "serves eu-central only"),
        ({"region": "moon"}, "no such region"),
        ({"plan": "free"}, "valid choice"),
        ({"admin_name": ""}, "first administrator"),
        ({"admin_email": "none"}, "name@example.com"),
        ({"reason": ""}, "Say why"),
        ({"reason": "test"}, "at least 4 characters"),
    ],
)
def test_bad_input_is_refused_beside_the_field_and_makes_nothing(acme, platform, sign_in, change, says):
    before = Tenant.objects.count()
    answer = sign_in("pat").post("/console/tenants/provision/", {**INITECH, **change})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    if "admin_email" not in change:
        assert 'value="ina@initech.example"' in text
    assert Tenant.objects.count() == before


def test_sending_the_form_twice_makes_one_tenant(platform, sign_in):
    browser = sign_in("pat")
    answers = [browser.post("/console/tenants/provision/", INITECH).status_code for _ in range(2)]
    assert (answers, Tenant.objects.filter(name="Initech").count()) == ([302, 422], 1)


def test_only_the_region_of_this_deployment_can_be_chosen(platform, sign_in):
    page = sign_in("pat").get("/console/tenants/provision/").content.decode()
    assert '<option value="eu-central" selected>' in page
    for region in ("eu-west", "us-east", "ap-south"):
        assert f'<option value="{region}" disabled>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=acme", ["Acme Pharma"]),
        ("text=globex.local", ["Globex Biotech"]),
        ("text=%25", []),
        ("text=' OR 1=1 --", []),
        ("state=suspended", []),
        ("region=eu-central&plan=standard", ["Acme Pharma", "Globex Biotech"]),
        ("state=nonsense", ["Acme Pharma", "Globex Biotech"]),
        ("sort=-name&page=99", ["Globex Biotech", "Acme Pharma"]),
        ("sort=schema_name", ["Acme Pharma", "Globex Biotech"]),
    ],
)
def test_tenants_are_found_narrowed_and_sorted(acme, globex, sign_in, query, found):
    results = sign_in("pat").get(f"/console/tenants/?{query}").content.decode().split('id="results"')[1]
    shown = sorted((n for n in ("Acme Pharma", "Globex Biotech") if n in results), key=results.index)
    assert shown == found
    if not found:
        assert "No tenant matches" in results


def test_the_list_costs_the_same_queries_however_many_tenants_there_are(
    acme, globex, sign_in, django_assert_max_num_queries
):
    browser = sign_in("pat")
    with django_assert_max_num_queries(12):
        assert browser.get("/console/tenants/").status_code == 200


def test_a_suspended_workspace_answers_nobody_and_resumes_with_everything(acme, sign_in, stranger):
    pat, ann = sign_in("pat"), sign_in("ann")
    assert pat.post(at("suspend/", acme), {"reason": "Bill not paid"}).status_code == 302
    assert [ann.get("/").status_code, stranger("acme.localhost").get("/sign-in/").status_code] == [403, 403]
    assert pat.post(at("suspend/", acme), {"reason": "Bill not paid"}).status_code == 409
    assert pat.post(at("resume/", acme), {"reason": "Bill paid"}).status_code == 302
    assert ann.get("/").status_code == 200
    with schemas.on_platform():
        assert Tenant.objects.get(pk=acme.pk).history.first().history_change_reason == "Bill paid"


def test_closing_asks_for_the_host_and_has_no_way_back(acme, sign_in, stranger):
    pat = sign_in("pat")
    wrong = pat.post(at("close/", acme), {"host": "globex.localhost", "reason": "Contract ended"})
    assert (wrong.status_code, Tenant.objects.get(pk=acme.pk).state) == (422, "active")
    assert pat.post(at("close/", acme), {"host": "acme.localhost", "reason": "Contract ended"}).status_code == 302
    assert stranger("acme.localhost").get("/sign-in/").status_code == 404
    for move, given in (("resume/", {}), ("suspend/", {}), ("close/", {"host": "acme.localhost"})):
        assert pat.post(at(move, acme), {**given, "reason": "Changed our mind"}).status_code == 409
    with schemas.inside(acme):
        assert User.objects.count() == len(cast.ACME)


@pytest.mark.parametrize("reason", ["", "n/a", "a\x00b", "x" * 501])
def test_a_tenant_is_not_moved_without_a_reason_that_says_something(acme, sign_in, reason):
    assert sign_in("pat").post(at("suspend/", acme), {"reason": reason}).status_code == 422
    assert Tenant.objects.get(pk=acme.pk).state == "active"


def test_complere_itself_is_no_customer_and_cannot_be_suspended(platform, sign_in):
    browser = sign_in("pat")
    for page in ("", "suspend/", "close/"):
        assert browser.get(at(page, platform)).status_code == 404
    assert browser.post(at("suspend/", platform), {"reason": "Bill not paid"}).status_code == 404


def test_the_console_stands_under_console(platform):
    assert reverse("tenants", urlconf="complere.urls.platform") == "/console/tenants/"


def test_the_plan_is_changed_with_a_reason_by_who_provisions(acme, sign_in):
    path, said = at("plan/", acme), {"plan": "enterprise", "reason": "Contract 2026-114 amended"}
    assert [sign_in(key).post(path, said).status_code for key in ("sam", "tess")] == [403, 403]
    pat = sign_in("pat")
    assert b"Change the plan" in pat.get(at("", acme)).content
    assert pat.post(path, said | {"reason": ""}).status_code == 422
    assert pat.post(path, said | {"plan": "free"}).status_code == 422
    assert pat.post(path, said).status_code == 302
    kept = Tenant.objects.get(pk=acme.pk)
    assert (kept.plan, kept.history.first().history_change_reason) == ("enterprise", "Contract 2026-114 amended")
    assert pat.post(path, said).status_code == 409
