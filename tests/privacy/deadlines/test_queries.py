from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import context
from privacy.deadlines import actions, catalogue, clock, queries
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Basis, Kind, State
from tests import cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ACTOR = context.service("tests")


@pytest.fixture
def place(in_acme):
    return queries.place(in_acme)


def begin(record, result, *, kind=Kind.DSR_STATUTORY, basis=Basis.LAW, now=NOW):
    return actions.start(
        record, kind=kind, basis=basis, title="Answer", result=result, started_at=now, actor=ACTOR, now=now,
        reason="A test began it",
    )  # fmt: skip


@pytest.fixture
def ann(in_acme):
    return cast.person("ann")


@pytest.fixture
def ben(in_acme):
    return cast.person("ben")


def test_a_record_is_named_by_model_and_id(ann):
    assert queries.key(ann) == f"members.user:{ann.pk}"


@pytest.mark.req("CLK-05")
def test_the_place_of_a_tenant_is_its_national_calendar_and_zone(place):
    assert (place.calendar.code, place.zone.key) == ("DE", "Europe/Berlin")


def test_deadlines_of_a_record_come_earliest_first_and_none_of_another_record(ann, ben, place):
    late = begin(ann, clock.month_period(NOW.date(), 3, place))
    early = begin(ann, clock.month_period(NOW.date(), 1, place))
    other = begin(ben, clock.month_period(NOW.date(), 1, place))
    assert list(queries.of(ann)) == [early, late]
    assert queries.of_many([ann, ben]) == {queries.key(ann): [early, late], queries.key(ben): [other]}


@pytest.mark.parametrize("people", [1, 3])
def test_a_page_of_records_costs_one_query(in_acme, place, people):
    records = [cast.person(name) for name in ("ann", "ben", "cay")][:people]
    for record in records:
        begin(record, clock.month_period(NOW.date(), 1, place))
    with CaptureQueriesContext(connection) as captured:
        found = queries.of_many(records)
    assert (len(captured), [len(deadlines) for deadlines in found.values()]) == (1, [1] * people)


def test_open_deadlines_are_those_that_still_ask_for_an_act(ann, place):
    month = clock.month_period(NOW.date(), 1, place)
    begin(ann, month)
    promise = begin(ann, month, kind=Kind.DSR_PROMISE, basis=Basis.PROMISE)
    actions.meet(ann, Kind.DSR_STATUTORY, actor=ACTOR, now=NOW, reason="It was answered")
    assert list(queries.open_of(ann)) == [promise]
    assert list(queries.open_of(ann, Kind.DSR_STATUTORY)) == []


@pytest.mark.req("CLK-08")
@pytest.mark.req("DSR-14")
def test_the_earliest_open_deadline_of_law_or_promise_binds_and_a_target_never_does(ann, place):
    law = begin(ann, clock.month_period(date(2026, 3, 5), 1, place))
    promise = begin(ann, clock.promise_period(date(2026, 3, 5), 30, place), kind=Kind.DSR_PROMISE, basis=Basis.PROMISE)
    begin(ann, clock.promise_period(date(2026, 3, 5), 10, place), kind=Kind.DSR_ASSISTANCE, basis=Basis.TARGET)
    assert (promise.last_day, law.last_day) == (date(2026, 4, 4), date(2026, 4, 7))
    assert queries.binding(queries.of(ann)) == promise
    actions.meet(ann, Kind.DSR_PROMISE, actor=ACTOR, now=NOW, reason="It was answered")
    assert queries.binding(queries.of(ann)) == law
    actions.end(ann, actor=ACTOR, now=NOW, reason="The request was withdrawn")
    assert queries.binding(queries.of(ann)) is None


def test_overdue_deadlines_are_those_that_were_missed(ann, place):
    deadline = begin(ann, clock.month_period(NOW.date(), 1, place))
    begin(ann, clock.month_period(NOW.date(), 3, place))
    assert list(queries.overdue()) == []
    actions.ring_due(deadline.due_at)
    assert list(queries.overdue()) == [deadline]


def test_the_look_for_due_alarms_reads_its_partial_index(ann, place):
    begin(ann, clock.month_period(NOW.date(), 1, place))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN " + str(queries.needing_alarm(NOW)[:1].query).replace("2026-03-05 10:00:00+00:00", "'now'")
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "deadline_next_alarm" in plan, plan


@pytest.mark.parametrize(
    ("ask", "units"),
    [
        (queries.Ask.MONTH, ["dsr.base_months"]),
        (queries.Ask.EXTENSION, ["dsr.base_months", "dsr.extension_months"]),
        (queries.Ask.PROMISE, ["dsr.promise_days"]),
        (queries.Ask.HOURS, ["breach.controller_hours"]),
        (queries.Ask.TARGET, ["breach.processor_target_hours"]),
        (queries.Ask.BUSINESS_DAY, ["doc.business_days"]),
        (queries.Ask.OBJECTION, ["subprocessor.notice_days"]),
        (queries.Ask.NOTICE, ["subprocessor.notice_days"]),
    ],
)
@pytest.mark.req("BRE-16")
def test_each_question_is_answered_with_the_parameters_in_force_on_its_day(ask, units):
    answer = queries.answer(queries.Question(ask, NOW, "DE", BERLIN))
    assert [row.key for row in answer.parameters] == units
    assert all(row.in_force(date(2026, 3, 5)) for row in answer.parameters)


def test_a_question_before_the_law_is_refused():
    question = queries.Question(queries.Ask.MONTH, datetime(2018, 5, 1, tzinfo=UTC), "DE", BERLIN)
    with pytest.raises(catalogue.UnknownParameter):
        queries.answer(question)


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        (Kind.DSR_STATUTORY, lambda place: clock.month_period(date(2026, 3, 5), 1, place)),
        (Kind.DSR_STATUTORY, lambda place: clock.month_period(date(2026, 3, 5), 1, place, excluded_days=9)),
        (Kind.DSR_STATUTORY, lambda place: clock.month_period(date(2025, 1, 31), 3, place)),
        (Kind.DSR_PROMISE, lambda place: clock.promise_period(date(2026, 3, 5), 30, place)),
        (Kind.BREACH_PROMISE, lambda place: clock.hour_period(NOW + timedelta(microseconds=7), 72, place.zone)),
        (Kind.BREACH_CONTROLLER, lambda place: clock.hour_period(NOW, 72, place.zone)),
        (
            Kind.BREACH_TARGET,
            lambda place: clock.hour_period(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 24, place.zone),
        ),
        (
            Kind.DOCUMENT_ANSWER,
            lambda place: clock.business_days(NOW, 1, catalogue.service_hours("DE").cutoff, place),
        ),
    ],
)
@pytest.mark.req("CLK-07")
def test_the_link_of_a_stored_deadline_derives_the_same_moment_again(ann, place, stranger, kind, result):
    deadline = begin(ann, result(place), kind=kind, now=datetime(2025, 1, 1, tzinfo=UTC))
    page = stranger("acme.localhost").get(queries.explain_url(deadline))
    assert page.status_code == 200
    explanation = page.context["explanation"]
    assert (explanation.late_from, [step.says for step in explanation.steps]) == (
        deadline.due_at, [step["says"] for step in deadline.computation["steps"]],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        (Kind.DSR_ASSISTANCE, lambda place: clock.promise_period(date(2026, 3, 5), 10, place)),
        (Kind.BREACH_UPDATE, lambda place: clock.hour_period(NOW, 48, place.zone)),
        (Kind.DSR_STATUTORY, lambda place: clock.month_period(date(2026, 3, 5), 2, place)),
    ],
)
def test_a_deadline_of_another_length_has_no_link(ann, place, kind, result):
    assert queries.explain_url(begin(ann, result(place), kind=kind)) == ""


def test_every_kind_of_deadline_has_a_known_answer_about_its_link(ann, place):
    month = clock.month_period(date(2026, 3, 5), 1, place)
    hours = clock.hour_period(NOW, 72, place.zone)
    for kind in Kind:
        result = hours if kind.value.startswith("breach.") else month
        if kind is not Kind.DOCUMENT_ANSWER:
            assert isinstance(queries.explain_url(begin(ann, result, kind=kind)), str)
    assert Deadline.objects.filter(state=State.RUNNING).count() == len(Kind) - 1
