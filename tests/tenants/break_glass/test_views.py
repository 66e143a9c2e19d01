from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.break_glass import actions, queries
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tests import cast
from tests.staff_visits import WHY, approved, asked, fresh, inside, said

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-2.3.5")]
LIST = "/console/entries/"


def form(customer, **changes):
    return {
        "tenant": str(customer.pk),
        "reason": WHY,
        "ticket": "SUP-2041",
        "minutes": "30",
        "access": "read",
        **changes,
    }


def at(entry, name: str = "") -> str:
    return f"{LIST}{entry.pk}/{name}"


def only() -> EntryRequest:
    with schemas.on_platform():
        return EntryRequest.objects.get()


def test_the_way_from_asking_to_being_inside(acme, sign_in):
    sup, pat = sign_in("sup"), sign_in("pat")
    assert "Nobody has asked to enter a workspace" in sup.get(LIST).content.decode()
    answer = sup.post(f"{LIST}ask/", form(acme))
    entry = only()
    assert (answer.status_code, answer["Location"]) == (302, at(entry))
    assert "You asked for this yourself" in sup.get(at(entry)).content.decode()
    shown = pat.get(at(entry)).content.decode()
    for words in ("Suki Support", "Acme Pharma", WHY, "SUP-2041", "30 minutes", "Only read", "Waits for a decision"):
        assert words in shown, words
    assert "Acme Pharma" in pat.get(at(entry, "approve/")).content.decode()
    assert pat.post(at(entry, "approve/"), {"reason": "The ticket bears it out"}).status_code == 302
    assert fresh(entry).state == State.APPROVED
    page = sup.post(at(entry, "enter/"))
    way_in = page.context["way_in"]
    assert way_in.startswith("http://acme.localhost:8000/staff/enter/")
    assert page["Cache-Control"].startswith("max-age=0") or "no-store" in page["Cache-Control"]
    browser = cast.Client(headers={"host": "acme.localhost"})
    path = urlsplit(way_in).path
    assert "As Suki Support" in browser.get(path).content.decode()
    assert browser.post(path).status_code == 302
    browser.get("/people/")
    listed = pat.get(at(entry)).content.decode()
    assert "Opened: People" in listed
    assert sup.post(at(entry, "give-back/"), {"reason": "The matter is solved"}).status_code == 302
    assert browser.get("/people/").status_code == 302
    assert "Given back by the visitor" in pat.get(at(entry)).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tenant": ""}, "Choose the workspace"),
        ({"tenant": "nonsense"}, "cannot be entered"),
        ({"reason": ""}, "Say why"),
        ({"reason": "n.a."}, "at least 4 characters"),
        ({"ticket": ""}, "number of the ticket"),
        ({"ticket": "a\nb"}, "one line"),
        ({"minutes": "4"}, "at least 5 minutes"),
        ({"minutes": "61"}, "at most 60 minutes"),
        ({"minutes": "half an hour"}, "whole number"),
        ({"access": ""}, "only read, or write as well"),
        ({"access": "write"}, "at least 4 characters"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(acme, sign_in, changes, words):
    answer = sign_in("sup").post(f"{LIST}ask/", form(acme, **changes))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert "SUP-2041" in answer.content.decode() or "ticket" in changes
    with schemas.on_platform():
        assert EntryRequest.objects.count() == 0


def test_complere_and_tenants_that_are_not_active_cannot_be_chosen(acme, platform, sign_in):
    from tenants.tenancy import actions as tenancy

    assert sign_in("sup").post(f"{LIST}ask/", form(platform)).status_code == 422
    by = said("pat", timezone.now())
    with schemas.on_platform():
        tenancy.suspend(acme, **by)
    assert sign_in("sup").post(f"{LIST}ask/", form(acme)).status_code == 422


def test_nobody_decides_on_their_own_request(acme, sign_in):
    entry = asked(acme, by="sam")
    sam = sign_in("sam")
    assert "You asked for this yourself" in sam.get(at(entry)).content.decode()
    for name in ("approve/", "refuse/"):
        assert sam.post(at(entry, name), {"reason": WHY}).status_code == 409
    assert fresh(entry).state == State.REQUESTED


@pytest.mark.parametrize("key", ["sup", "leo", "tess", "stan"])
def test_only_who_decides_opens_the_decision(acme, sign_in, key):
    entry = asked(acme, by="sam")
    for name in ("approve/", "refuse/"):
        assert sign_in(key).get(at(entry, name)).status_code == 403
        assert sign_in(key).post(at(entry, name), {"reason": WHY}).status_code == 403


@pytest.mark.parametrize("key", ["leo", "tess", "stan"])
def test_who_may_not_ask_sees_no_entries(acme, sign_in, key):
    entry = asked(acme)
    for path in (LIST, f"{LIST}ask/", at(entry), at(entry, "enter/"), at(entry, "give-back/")):
        assert sign_in(key).get(path).status_code == 403, path


def test_a_decision_is_taken_once(acme, sign_in):
    entry, pat, sue = asked(acme), sign_in("pat"), sign_in("sue")
    assert pat.post(at(entry, "approve/"), {"reason": WHY}).status_code == 302
    assert sue.post(at(entry, "approve/"), {"reason": WHY}).status_code == 409
    assert sue.post(at(entry, "refuse/"), {"reason": WHY}).status_code == 409


def test_a_refusal_wants_a_reason_and_shows_it(acme, sign_in):
    entry, pat = asked(acme), sign_in("pat")
    assert pat.post(at(entry, "refuse/"), {"reason": ""}).status_code == 422
    assert pat.post(at(entry, "refuse/"), {"reason": "The customer can send it"}).status_code == 302
    assert "The customer can send it" in sign_in("sup").get(at(entry)).content.decode()


@pytest.mark.parametrize("name", ["ask/", "{}/approve/", "{}/enter/"])
@pytest.mark.req("ASVS-7.5.1")
def test_asking_deciding_and_entering_take_a_fresh_proof(acme, name):
    entry = asked(acme, by="sup")
    for verb, minutes in (("get", 11), ("post", 31)):
        old = timezone.now() - timedelta(minutes=minutes)
        with schemas.on_platform():
            browser = cast.browser(cast.person("sam"), cast.tenant("localhost"), proved_at=old)
        answer = getattr(browser, verb)(LIST + name.format(entry.pk))
        assert (answer.status_code, "prove" in answer["Location"]) == (302, True)
    assert fresh(entry).state == State.REQUESTED


def test_a_way_in_is_taken_by_who_asked_only_and_by_post(acme, sign_in):
    entry = approved(acme)
    assert sign_in("pat").post(at(entry, "enter/")).status_code == 409
    page = sign_in("sup").get(at(entry, "enter/"))
    assert (page.status_code, "way_in" in page.context) == (200, False)
    assert sign_in("sup").post(at(asked(acme), "enter/")).status_code == 409


def test_an_entry_that_is_over_gives_no_way_in(acme, sign_in):
    entry = approved(acme, now=timezone.now() - timedelta(minutes=31))
    assert sign_in("sup").post(at(entry, "enter/")).status_code == 409
    assert "Go to acme" not in sign_in("sup").get(at(entry)).content.decode()


def test_somebody_else_s_id_or_none_is_not_found(acme, sign_in):
    pat = sign_in("pat")
    for name in ("", "approve/", "refuse/", "enter/", "give-back/"):
        assert pat.get(f"{LIST}{acme.pk}/{name}").status_code == 404


def test_entries_exist_on_complere_s_host_only(acme, sign_in):
    entry = asked(acme)
    for path in (LIST, at(entry), f"/entries/{entry.pk}/"):
        assert sign_in("ann").get(path).status_code == 404


def test_the_list_is_filtered_and_costs_the_same_for_one_and_three(acme, sign_in, django_assert_num_queries):
    sup = sign_in("sup")
    asked(acme)
    sup.get(LIST)
    with schemas.on_platform():
        one = count(sup)
    asked(acme, ticket="SUP-2"), asked(acme, ticket="SUP-3")
    assert count(sup) == one
    assert one <= 12
    assert "No entry is in this state" in sup.get(f"{LIST}?state=refused").content.decode()
    assert sup.get(f"{LIST}?state=nonsense").status_code == 200


def count(browser) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as found:
        assert browser.get(LIST).status_code == 200
    return len(found)


def test_the_history_tells_of_ask_and_decision(acme, sign_in):
    entry = approved(acme)
    shown = sign_in("pat").get(f"/console/history/tenants.entryrequest/{entry.pk}/").content.decode()
    for words in ("Suki Support", "Pat Platform", "The ticket bears it out", "from requested to approved"):
        assert words in shown, words


def test_the_sweep_ends_a_visit_and_the_browser_is_out_before_it(acme):
    client, entry = inside(acme, now=timezone.now() - timedelta(minutes=29, seconds=59), minutes=30)
    assert client.get("/people/").status_code in (200, 302)
    with schemas.on_platform():
        assert queries.next_due() == entry.ends_at
        assert actions.lapse(entry.ends_at) == 1
    assert client.get("/people/").status_code == 302
