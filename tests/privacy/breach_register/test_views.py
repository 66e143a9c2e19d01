"""The register's pages and its export, on both hosts."""

import csv
import io

import pytest

from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import breach

pytestmark = pytest.mark.usefixtures("db")

CONSOLE = "/console/incidents/register/"
TENANT = "/incidents/register/"


@pytest.mark.parametrize(
    ("who", "url", "status"),
    [
        ("sam", CONSOLE, 200),
        ("stan", CONSOLE, 200),
        ("leo", CONSOLE, 200),
        ("sup", CONSOLE, 403),
        ("ann", TENANT, 200),
        ("aud", TENANT, 200),
        ("cay", TENANT, 403),
    ],
)
def test_the_register_opens_to_whom_it_concerns(sign_in, who, url, status):
    browser = sign_in(who)
    assert [browser.get(f"{url}{path}").status_code for path in ("", "full/", "export/")] == [status] * 3


def test_the_list_asks_the_same_number_of_queries_for_one_and_for_many(sign_in, django_assert_max_num_queries):
    browser = sign_in("sam")
    breach("acme")
    with django_assert_max_num_queries(12) as one:
        browser.get(CONSOLE)
    for _ in range(5):
        breach("acme", "globex")
    with django_assert_max_num_queries(12) as many:
        assert browser.get(CONSOLE).status_code == 200
    assert len(one) == len(many)


@pytest.mark.req("BRE-11")
@pytest.mark.req("ASVS-1.2.10")
def test_the_export_is_a_guarded_csv_in_utf_8(sign_in, in_acme):
    stage.log(by="sid", own_data=True, title="=HYPERLINK(1)", description="Ärger mit 😀")
    answer = sign_in("aud").get(f"{TENANT}export/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="breach-register-')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [(row["Title"], row["Facts"]) for row in rows] == [("'=HYPERLINK(1)", "Ärger mit 😀")]


def test_filters_hold_for_the_list_the_full_text_and_the_export(sign_in, in_acme):
    stage.log(by="sid", own_data=True, title="Alpha")
    stage.confirm(stage.log(by="sid", own_data=True, title="Beta"), by="sid")
    browser = sign_in("aud")
    for path in ("", "full/", "export/"):
        body = browser.get(f"{TENANT}{path}?state=confirmed_breach&year=2026").content.decode()
        assert ("Alpha" in body, "Beta" in body) == (False, True)


@pytest.mark.parametrize("query", ["year=x", "year=1900", "state=magic", "text=%00", "page=-3"])
@pytest.mark.parametrize("path", ["", "full/", "export/"])
def test_nonsense_in_the_address_shows_the_register(sign_in, path, query):
    stage.log()
    assert sign_in("sam").get(f"{CONSOLE}{path}?{query}").status_code == 200


def test_an_empty_register_says_so(sign_in):
    browser = sign_in("ann")
    assert "The register is empty" in browser.get(TENANT).content.decode()
    assert "The register is empty" in browser.get(f"{TENANT}full/").content.decode()


def test_the_register_of_one_tenant_tells_nothing_of_another(sign_in, in_acme):
    stage.log(by="sid", own_data=True, title="Only Acme knows")
    browser = sign_in("dov")
    assert all(
        "Only Acme knows" not in browser.get(f"{TENANT}{path}").content.decode() for path in ("", "full/", "export/")
    )
