"""A deadline derived in public: the answer, each step with its rule, and what it was computed with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from privacy.deadlines import catalogue, clock
from privacy.deadlines.queries import Answer, Ask

# Where each rule of our arithmetic comes from; a step may name several.
PROVISIONS = {
    "CLK-03": "Reg. 1182/71 Art. 3(2): ends with the last hour of the last day",
    "CLK-10": "Reg. 1182/71 Art. 3(1): the day of the event does not count",
    "CLK-11": "Reg. 1182/71 Art. 3(2)(c): the same date of the month",
    "CLK-12": "Reg. 1182/71 Art. 3(2)(c): no such date, so the month's last day",
    "CLK-15": "Reg. 1182/71 Art. 3(4): not on a Saturday, Sunday or public holiday",
    "CLK-16": "Reg. 1182/71 Art. 3(5): two working days at least",
    "CLK-17": "Reg. 1182/71 Art. 3(1): the hour of the event does not count",
    "CLK-18": "our rule, the safe side: elapsed hours, never extended",
    "DOC-01": "our service promise",
    "DOC-02": "our service promise: the serving region decides",
    "DSR-06": "EDPB Guidelines 01/2022",
    "DSR-07": "UK GDPR Art. 12A",
    "DSR-13": "our promise, read against us: never rolled",
    "SUB-04": "data processing agreement, GDPR Art. 28(2)",
    "SUB-05": "Reg. 1182/71 Art. 3(4), second sentence: not for periods counted backwards",
}
PARAMETERS = {
    "dsr.base_months": "Time to answer a data subject",
    "dsr.extension_months": "Longest extension of that time",
    "dsr.promise_days": "Our promise, from validation",
    "breach.controller_hours": "Time to notify a breach",
    "breach.processor_target_hours": "Our target to notify a breach",
    "doc.business_days": "Time to answer a document request",
    "subprocessor.notice_days": "Time to object to a sub-processor",
}
NAMES = {
    Ask.MONTH: "One month after receipt",
    Ask.EXTENSION: "Three months after receipt",
    Ask.PROMISE: "Our promise after validation",
    Ask.HOURS: "72 hours after awareness",
    Ask.TARGET: "Our target after awareness",
    Ask.BUSINESS_DAY: "One business day after receipt",
    Ask.OBJECTION: "Objections, after delivery of the notice",
    Ask.NOTICE: "Notice before the change",
}


@dataclass(frozen=True, slots=True)
class Derived:
    """A step as the page shows it: what was done, under which rules, and where those come from."""

    says: str
    rules: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer as the page shows it; `last_day` is None where hours decide. Instants are aware."""

    name: str
    last_day: date | None
    late_from: datetime
    ends: list[dict[str, str]]
    remarks: list[str]
    steps: list[Derived]
    parameters: list[dict[str, Any]]
    facts: list[dict[str, Any]]


def explanation(answer: Answer) -> Explanation:
    """An answer in the words of the page."""
    question, result = answer.question, answer.result
    last_day, late_from = _end(answer)
    return Explanation(
        name=NAMES[question.ask],
        last_day=last_day,
        late_from=late_from,
        ends=_ends(last_day, late_from, question.zone),
        remarks=_remarks(answer),
        steps=[_derived(step) for step in result.steps],
        parameters=[_parameter(row) for row in answer.parameters],
        facts=_facts(answer),
    )


def _end(answer: Answer) -> tuple[date | None, datetime]:
    """The last day, and the first instant that is too late (CLK-03)."""
    result, zone = answer.result, answer.question.zone
    if isinstance(result, clock.HourDeadline):
        return None, result.safe_at
    if isinstance(result, clock.BusinessDeadline):
        return None, result.due_at
    if isinstance(result, clock.BackwardDeadline):
        return result.latest_on, clock.first_instant(result.latest_on + timedelta(days=1), zone)
    return result.last_day, result.end_exclusive


def _ends(last_day: date | None, late_from: datetime, zone: ZoneInfo) -> list[dict[str, str]]:
    """The answer itself: last day, and the first late instant on the clocks of the zone and in UTC (CLK-04)."""
    local = late_from.astimezone(zone)
    ends = [
        {"label": "Too late from", "value": _say(local), "note": f"{local.tzname()}, {zone.key}"},
        {"label": "The same moment in UTC", "value": _say(late_from), "note": f"{late_from:%Y-%m-%dT%H:%M:%SZ}"},
    ]
    if last_day is not None:
        ends.insert(0, {"label": "Last day", "value": clock.say_day(last_day), "note": "until the end of the day"})
    return ends


def _say(at: datetime) -> str:
    seconds = ":%S" if at.second or at.microsecond else ""
    return f"{clock.say_day(at.date())}, {at.strftime(f'%H:%M{seconds}')}"


def _remarks(answer: Answer) -> list[str]:
    result, ask = answer.result, answer.question.ask
    if isinstance(result, clock.HourDeadline):
        return [
            "Weekends and public holidays count, and a change of the clocks moves nothing: these are elapsed hours."
        ]
    if ask is Ask.EXTENSION:
        return [
            "Counted in one step from receipt. The notice of extension, with reasons, must go out in the first month."
        ]
    if ask is Ask.OBJECTION and isinstance(result, clock.DayDeadline):
        return [f"The sub-processor is engaged on {clock.say_day(result.next_day)} at the earliest."]
    if ask is Ask.PROMISE:
        return ["The promise runs beside the month of Art. 12(3); the earlier of the two binds."]
    return []


def _derived(step: clock.Step) -> Derived:
    rules = [{"id": rule, "provision": PROVISIONS.get(rule, "")} for rule in step.rule.split(", ")]
    return Derived(step.says, rules)


def _parameter(row: catalogue.LegalParameter) -> dict[str, Any]:
    until = f"until {clock.say_day(row.valid_to)}" if row.valid_to else "without end"
    value = f"{row.value} {row.unit if row.value != 1 else row.unit.removesuffix('s')}"
    cells: Iterable[tuple[str, str]] = (
        ("Value", value),
        ("In force", f"from {clock.say_day(row.valid_from)} {until}"),
        ("Source", row.source),
    )
    return {
        "heading": PARAMETERS[row.key],
        "cells": [{"label": label, "text": text} for label, text in cells],
    }


def _facts(answer: Answer) -> list[dict[str, Any]]:
    question, result = answer.question, answer.result
    facts: list[dict[str, Any]] = [
        {"term": "Starts", "at": question.started_at, "tz": question.zone.key}
        if isinstance(result, (clock.HourDeadline, clock.BusinessDeadline))
        else {"term": "Starts", "text": clock.say_day(clock.local_day(question.started_at, question.zone))},
    ]
    if isinstance(result, clock.HourDeadline):
        facts.append({"term": "Outer limit of Reg. 1182/71", "at": result.limit_1182_at, "tz": question.zone.key})
    if isinstance(result, (clock.DayDeadline, clock.BusinessDeadline)):
        facts.append({"term": "Holiday calendar", "text": result.calendar_version})
    return [
        *facts,
        {"term": "Time zone database", "text": version("tzdata")},
        {"term": "Arithmetic", "text": clock.ALGORITHM},
    ]
