"""The pages of incidents: who may open them, what they refuse, and what they keep of what was typed."""

import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from privacy.deadlines import queries as deadlines
from privacy.incidents import actions
from privacy.incidents.models import AffectedTenant, Incident
from privacy.incidents.states import State
from tests import cast
from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import WHY, actor, breach

pytestmark = pytest.mark.usefixtures("db")

CONSOLE = "/console/incidents/"
NASTY = [
    "😀" * 50,
    "<script>alert(1)</script>",
    "'; DROP TABLE privacy_incident; --",
    "{{ 7|add:7 }}",
    "\u202egnp",
    "a" * 10_000,
]


def recent(hours: int = 2):
    return timezone.now() - timedelta(hours=hours)


def typed(at=None, name: str = "detected_at", zone: str = "Europe/Berlin") -> dict[str, str]:
    local = (at or recent()).astimezone(ZoneInfo(zone))
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M}"}


def logging(**changes):
    return {
        "form_token": str(uuid.uuid4()),
        "title": "Laptop lost",
        "description": "A laptop was left on a train.",
        "natures": ["availability"],
        **typed(),
        **changes,
    }


def confirming(**changes):
    return {
        **typed(recent(1), "aware_at"),
        "certainty": "The disk was not encrypted",
        "decided_by": "Head of security",
        "reason": "The loss is certain",
        **changes,
    }


def mine(**facts) -> Incident:
    """An incident of the platform that was detected a short while ago."""
    return stage.log(detected_at=recent(3), now=recent(3), **facts)


# --- who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "lists", "logs"),
    [("sam", 200, 200), ("sup", 403, 200), ("stan", 200, 403), ("tess", 403, 403), ("leo", 200, 403)],
)
def test_staff_see_and_log_what_their_role_allows(sign_in, who, lists, logs):
    browser = sign_in(who)
    assert (browser.get(CONSOLE).status_code, browser.get(f"{CONSOLE}log/").status_code) == (lists, logs)


@pytest.mark.parametrize(("who", "lists", "logs"), [("ann", 200, 200), ("cay", 403, 200), ("aud", 200, 403)])
def test_a_tenants_people_see_and_log_what_their_role_allows(sign_in, who, lists, logs):
    browser = sign_in(who)
    assert (browser.get("/incidents/").status_code, browser.get("/incidents/log/").status_code) == (lists, logs)


@pytest.mark.parametrize("who", ["stan", "leo", "sup"])
@pytest.mark.parametrize("name", ["facts/", "confirm/", "awareness/", "step/assess/", "step/close/", "tenants/"])
def test_only_who_works_incidents_may_change_them(sign_in, who, name):
    incident = mine()
    assert sign_in(who).post(f"{CONSOLE}{incident.pk}/{name}", {"reason": "Because I can"}).status_code == 403
    assert Incident.objects.get(pk=incident.pk).state == State.LOGGED


def test_a_member_sees_the_receipt_of_its_own_incident_and_no_other(sign_in, in_acme):
    browser, other = sign_in("cay"), stage.log(by="sid", own_data=True)
    answer = browser.post("/incidents/log/", logging(), follow=True)
    assert answer.status_code == 200
    assert "The incident is logged" in answer.content.decode()
    assert browser.get(f"/incidents/{other.pk}/logged/").status_code == 404
    assert browser.get(f"/incidents/{other.pk}/").status_code == 403


@pytest.mark.parametrize("name", ["", "facts/", "confirm/", "awareness/", "step/assess/", "authority/package/"])
def test_an_incident_of_another_schema_is_not_found(sign_in, name):
    incident = mine()
    assert sign_in("dov").get(f"/incidents/{incident.pk}/{name}").status_code == 404


def test_a_tenant_cannot_name_affected_tenants(sign_in, in_acme):
    incident = stage.log(by="sid", own_data=True)
    assert sign_in("ann").get(f"/incidents/{incident.pk}/tenants/").status_code == 404


def test_a_stranger_is_led_to_the_sign_in(stranger):
    answer = stranger("acme.localhost").get("/incidents/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("sign-in"))


# --- logging ---------------------------------------------------------------------------------


def test_a_tenant_logs_its_own_incident_as_controller(sign_in, in_acme):
    answer = sign_in("sid").post("/incidents/log/", logging())
    incident = Incident.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/incidents/{incident.pk}/logged/")
    assert (incident.title, incident.own_data, incident.logged_by) == (
        "Laptop lost",
        True,
        "Sid Security (Security officer)",
    )


def test_sending_the_form_twice_logs_one_incident(sign_in, in_acme):
    browser, form = sign_in("sid"), logging()
    assert browser.post("/incidents/log/", form)["Location"] == browser.post("/incidents/log/", form)["Location"]
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("text", NASTY)
def test_odd_text_is_kept_and_shown_as_text(sign_in, in_acme, text):
    browser = sign_in("sid")
    answer = browser.post("/incidents/log/", logging(description=text), follow=True)
    assert answer.status_code == 200
    incident = Incident.objects.get()
    assert incident.description == text
    page = browser.get(f"/incidents/{incident.pk}/")
    assert page.status_code == 200
    assert "<script>alert(1)</script>" not in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 161},
        {"title": "two\x07lines"},
        {"title": "nul\x00"},
        {"description": ""},
        {"description": "x" * 10_001},
        {"description": "\x00"},
        {"detected_at_0": ""},
        {"detected_at_0": "2026-02-30"},
        {"detected_at_0": "0001-01-01", "detected_at_1": "00:00"},
        {"detected_at_1": "25:00"},
        {"detected_at_0": "9999-12-31"},
        {"natures": ["magic"]},
        {"form_token": "not-a-token"},
        {"subprocessor_told_at_0": "2020-01-01"},
    ],
)
def test_bad_input_answers_422_and_loses_nothing(sign_in, in_acme, wrong):
    answer = sign_in("sid").post("/incidents/log/", logging(**wrong))
    body = answer.content.decode()
    assert (answer.status_code, Incident.objects.count()) == (422, 0)
    assert "There is a problem" in body
    if "description" not in wrong:
        assert "A laptop was left on a train." in body


def test_an_empty_form_names_every_field(sign_in, in_acme):
    answer = sign_in("sid").post("/incidents/log/", {})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"form_token", "title", "description", "detected_at"}


def test_a_skipped_hour_is_refused_in_words(sign_in, in_acme):
    moment = {"detected_at_0": "2026-03-29", "detected_at_1": "02:30"}
    answer = sign_in("sid").post("/incidents/log/", logging(**moment))
    assert answer.context["form"].errors["detected_at"] == [
        "The clocks skipped this time. Enter the hour before or after."
    ]


def test_an_hour_shown_twice_means_the_first(sign_in, in_acme):
    sign_in("sid").post("/incidents/log/", logging(detected_at_0="2025-10-26", detected_at_1="02:30"))
    assert f"{Incident.objects.get().detected_at:%H:%M}" == "00:30"


# --- working ---------------------------------------------------------------------------------


def test_confirming_shows_the_clock_with_its_countdown(sign_in, in_acme):
    browser, incident = sign_in("sid"), stage.log(by="sid", own_data=True, detected_at=recent(3), now=recent(3))
    assert browser.post(f"/incidents/{incident.pk}/confirm/", confirming()).status_code == 302
    page = browser.get(f"/incidents/{incident.pk}/").content.decode()
    (deadline,) = deadlines.of(incident)
    assert f'data-due="{deadline.due_at:%Y-%m-%dT%H:%M:%SZ}"' in page
    assert "Notify the supervisory authority" in page
    assert "Why this date?" in page


@pytest.mark.req("BRE-01")
def test_a_contradiction_stands_beside_its_field(sign_in):
    browser, incident = sign_in("sam"), mine()
    answer = browser.post(f"{CONSOLE}{incident.pk}/confirm/", confirming(**typed(recent(9), "aware_at")))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["aware_at"])
    assert "The disk was not encrypted" in answer.content.decode()


def test_a_step_from_the_wrong_state_answers_409(sign_in):
    incident = mine()
    answer = sign_in("sam").post(f"{CONSOLE}{incident.pk}/step/contain/", {"reason": "It is contained"})
    assert answer.status_code == 409
    assert "is logged and cannot become contained" in answer.content.decode()


def test_confirming_twice_answers_409(sign_in):
    browser, incident = sign_in("sam"), mine()
    first, second = (browser.post(f"{CONSOLE}{incident.pk}/confirm/", confirming()) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 409)


@pytest.mark.parametrize("reason", ["", "n/a", "abc"])
def test_a_step_without_a_reason_is_refused(sign_in, reason):
    incident = mine()
    answer = sign_in("sam").post(f"{CONSOLE}{incident.pk}/step/assess/", {"reason": reason})
    assert (answer.status_code, Incident.objects.get(pk=incident.pk).state) == (422, State.LOGGED)


def test_an_invented_step_is_not_found(sign_in):
    assert sign_in("sam").get(f"{CONSOLE}{mine().pk}/step/delete/").status_code == 404


def test_facts_are_corrected_with_a_reason(sign_in):
    browser, incident = sign_in("sam"), mine()
    page = browser.get(f"{CONSOLE}{incident.pk}/facts/")
    form = {
        "title": "New title",
        "description": "More is known",
        **typed(incident.detected_at),
        "subjects_number": "1200",
        "unknown_yet": ["likely_consequences"],
        "reason": "The log was read",
    }
    assert (page.status_code, browser.post(f"{CONSOLE}{incident.pk}/facts/", form).status_code) == (200, 302)
    fresh = Incident.objects.get(pk=incident.pk)
    assert (fresh.title, fresh.subjects_number, fresh.unknown_yet) == ("New title", 1200, ["likely_consequences"])
    assert "1,200" in browser.get(f"{CONSOLE}{incident.pk}/").content.decode()


def test_what_nobody_touched_keeps_its_seconds(sign_in):
    browser, incident = sign_in("sam"), mine()
    form = {
        "title": "T",
        "description": incident.description,
        **typed(incident.detected_at),
        "reason": "A better title",
    }
    browser.post(f"{CONSOLE}{incident.pk}/facts/", form)
    fresh = Incident.objects.get(pk=incident.pk)
    assert (fresh.title, fresh.detected_at) == ("T", incident.detected_at)


def test_one_room_is_marked_as_the_one_the_reader_is_in(sign_in):
    for url in ("/incidents/", "/incidents/log/", "/incidents/notices/", "/incidents/register/"):
        assert sign_in("ann").get(url).content.decode().count('aria-current="page"') == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subjects_number": "-1"}, "subjects_number"),
        ({"subjects_number": "99999999999999"}, "subjects_number"),
        ({"subjects_number": "many"}, "subjects_number"),
        ({"subjects_number": "5", "subjects_unknown_because": "Why"}, "subjects_unknown_because"),
        ({"measures_taken": "Done", "unknown_yet": ["measures_taken"]}, "measures_taken"),
        ({"unknown_yet": ["title"]}, "unknown_yet"),
        ({"contact_email": "nobody"}, "contact_email"),
        ({"reason": ""}, "reason"),
    ],
)
def test_wrong_facts_are_named(sign_in, wrong, field):
    incident = mine()
    form = {"title": "T", "description": "D", **typed(incident.detected_at), "reason": "The log was read", **wrong}
    answer = sign_in("sam").post(f"{CONSOLE}{incident.pk}/facts/", form)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


# --- tenants ---------------------------------------------------------------------------------


def test_ticks_outlast_a_search(sign_in):
    browser, incident, acme = sign_in("sam"), mine(), cast.tenant("acme")
    url = f"{CONSOLE}{incident.pk}/tenants/"
    answer = browser.post(url, {"q": "globex", "tenants": [str(acme.pk)], "search": "1"})
    body = answer.content.decode()
    assert answer.status_code == 200
    assert ("Acme Pharma" in body, "Globex Biotech" in body, "There is a problem" in body) == (True, True, False)
    assert [box.data["value"] for box in answer.context["form"]["tenants"] if box.data["selected"]] == [str(acme.pk)]


def test_ticked_tenants_are_added_and_listed_with_their_clocks(sign_in):
    browser, incident = sign_in("sam"), mine()
    actions.confirm(
        incident,
        awareness={"aware_at": recent(1), "awareness_reason": "", "certainty": "Seen", "decided_by": "Sam"},
        actor=actor("sam"),
        now=recent(1),
        reason=WHY,
    )
    chosen = [str(cast.tenant(name).pk) for name in ("acme", "globex")]
    answer = browser.post(f"{CONSOLE}{incident.pk}/tenants/", {"tenants": chosen, "reason": "Both use the export"})
    assert (answer.status_code, AffectedTenant.objects.count()) == (302, 2)
    page = browser.get(f"{CONSOLE}{incident.pk}/").content.decode()
    assert page.count("data-due=") == 4


@pytest.mark.parametrize("chosen", [[], ["nonsense"], [str(uuid.uuid4())]])
def test_nobody_or_nonsense_ticked_is_refused(sign_in, chosen):
    incident = mine()
    answer = sign_in("sam").post(f"{CONSOLE}{incident.pk}/tenants/", {"tenants": chosen, "reason": "They are hit"})
    assert (answer.status_code, AffectedTenant.objects.count()) == (422, 0)


@pytest.mark.parametrize("text", ["\x00", "%", "' OR 1=1", "😀", "x" * 500])
def test_odd_searches_find_nobody_and_break_nothing(sign_in, text):
    answer = sign_in("sam").post(f"{CONSOLE}{mine().pk}/tenants/", {"q": text, "search": "1"})
    assert answer.status_code == 200


def test_a_tenants_figures_are_its_own(sign_in):
    browser, (incident, (row, other)) = sign_in("sam"), breach("acme", "globex")
    form = {"subjects_number": "7", "subject_categories": "Nurses", "reason": "Counted in the log"}
    url = reverse("incident-tenant", args=[incident.pk, row.pk], urlconf="complere.urls.platform")
    assert (browser.get(url).status_code, browser.post(url, form).status_code) == (200, 302)
    assert [AffectedTenant.objects.get(pk=pk).subjects_number for pk in (row.pk, other.pk)] == [7, 120]


def test_a_row_of_another_incident_is_not_found(sign_in):
    browser, (_, (row,)) = sign_in("sam"), breach("acme")
    assert browser.get(f"{CONSOLE}{mine().pk}/tenants/{row.pk}/").status_code == 404


# --- lists -----------------------------------------------------------------------------------


def test_the_list_asks_the_same_number_of_queries_for_one_and_for_many(sign_in, django_assert_max_num_queries):
    browser = sign_in("sam")
    breach("acme")
    with django_assert_max_num_queries(12) as one:
        browser.get(CONSOLE)
    for _ in range(6):
        breach("acme", "globex")
    with django_assert_max_num_queries(12) as many:
        assert browser.get(CONSOLE).status_code == 200
    assert len(one) == len(many)


def test_the_detail_asks_the_same_number_of_queries_for_one_tenant_and_for_many(sign_in, django_assert_max_num_queries):
    browser, (first, _), (second, _) = sign_in("sam"), breach("acme"), breach("acme", "globex")
    with django_assert_max_num_queries(14) as one:
        browser.get(f"{CONSOLE}{first.pk}/")
    with django_assert_max_num_queries(14) as many:
        browser.get(f"{CONSOLE}{second.pk}/")
    assert len(one) == len(many)


def test_the_list_is_searched_filtered_and_sorted(sign_in):
    browser = sign_in("sam")
    stage.log(title="Alpha")
    stage.confirm(stage.log(title="Beta"))

    def titles(query: str) -> list[str]:
        return [row["incident"].title for row in browser.get(f"{CONSOLE}?{query}").context["rows"]]

    assert titles("q=alph") == ["Alpha"]
    assert titles("state=confirmed_breach") == ["Beta"]
    assert titles("sort=title") == ["Alpha", "Beta"]
    assert titles("sort=-title") == ["Beta", "Alpha"]


@pytest.mark.parametrize("query", ["q=%00", "state=magic", "sort=password", "page=-1", "page=x", "page=999999999999"])
def test_nonsense_in_the_address_shows_the_list(sign_in, query):
    mine()
    assert sign_in("sam").get(f"{CONSOLE}?{query}").status_code == 200


def test_an_empty_list_says_what_to_do(sign_in):
    assert "No incident is recorded" in sign_in("ann").get("/incidents/").content.decode()


def test_the_history_is_told_in_sentences(sign_in, in_acme):
    incident = stage.log(by="sid", own_data=True)
    stage.confirm(incident, by="sid")
    page = sign_in("ann").get(reverse("record-history", args=["privacy.incident", incident.pk]))
    body = page.content.decode()
    assert page.status_code == 200
    assert "from logged to personal-data breach" in body


def test_another_tenants_incident_is_in_nobody_elses_list(sign_in, in_acme):
    stage.log(by="sid", own_data=True, title="Only Acme knows")
    assert "Only Acme knows" not in sign_in("dov").get("/incidents/").content.decode()
    assert "Only Acme knows" not in sign_in("sam").get(CONSOLE).content.decode()
