"""`manage.py clock_vectors FILE.json`: recompute deadlines from their inputs alone and compare them with the answers.

A vector is `{"id", "kind", "given", "expect"}`. A time may be given as a local date (`received`) or as an instant with
an offset (`received_utc`), which is told in `tz` or in the zone of the calendar's capital. Needs no database.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError

from privacy.deadlines import catalogue, clock
from privacy.subject_requests import clock as requests

Answers = dict[str, object]
SPELLINGS = ("", "_utc", "_date", "_on", "_at")


class MalformedVector(ValueError):
    """The vector cannot be computed as it is written."""


class Output(Protocol):
    """Where the lines go: a stream, or Django's wrapper of one."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs of one vector, read by name; legal parameters stand in for numbers that are absent."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str):
            problem = f"no {name!r}" if value is None else f"{name!r} that is not text: {value!r}"
            raise MalformedVector(f"given has {problem}")
        return value

    def has(self, name: str) -> bool:
        """Whether the name is given and not null."""
        return self.values.get(name) is not None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of `tz`, else of the calendar, else UTC."""
        if not self.has("tz"):
            return catalogue.default_zone(self.text("calendar")) if self.has("calendar") else ZoneInfo("UTC")
        name = self.text("tz")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise MalformedVector(f"given 'tz' is no time zone: {name!r}") from None

    @property
    def place(self) -> clock.Place:
        """Where a statutory period runs: national holidays only (CLK-05)."""
        return clock.Place(catalogue.statutory_calendar(self.text("calendar")), self.zone)

    @property
    def serving_region(self) -> clock.Place:
        """Where a promise in business days runs; regional holidays count (A.3)."""
        return clock.Place(catalogue.holiday_calendar(self.text("calendar")), self.zone)

    def moment(self, *names: str) -> date | datetime | None:
        """The first of the names that is given in any spelling, as a date or an instant; None when absent or null."""
        spelled = next((n + end for n in names for end in SPELLINGS if self.has(n + end)), None)
        return None if spelled is None else _moment(self.text(spelled), spelled)

    def maybe_day(self, *names: str) -> date | None:
        """A local date, or None when absent or null."""
        found = self.moment(*names)
        return clock.local_day(found, self.zone) if isinstance(found, datetime) else found

    def day(self, *names: str) -> date:
        """A local date that must be there."""
        found = self.maybe_day(*names)
        if found is None:
            raise MalformedVector(f"given has no {names[0]!r}")
        return found

    def instant(self, *names: str) -> datetime:
        """An instant that must be there."""
        found = self.moment(*names)
        if not isinstance(found, datetime):
            raise MalformedVector(f"given has no {names[0]!r}, which must be an instant")
        return clock.in_utc(found)

    def number(self, name: str, parameter: str, on: date) -> int:
        """A whole number, by default the legal parameter in force on the day."""
        if not self.has(name):
            jurisdiction = catalogue.jurisdiction(self.text("calendar")) if self.has("calendar") else "EU"
            return catalogue.parameter(parameter, jurisdiction, on).value
        value = self.values[name]
        if type(value) is not int:
            raise MalformedVector(f"given {name!r} is not a whole number: {value!r}")
        return value

    def asked(self, asked: str, *answered: str) -> requests.Asked | None:
        """Something asked of the person; an answer without a question counts as asked that day."""
        answered_on = self.maybe_day(*answered)
        asked_on = self.maybe_day(asked) or answered_on
        return requests.Asked(asked_on, answered_on) if asked_on else None


def _moment(text: str, name: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise MalformedVector(f"given {name!r} is neither a date nor an instant: {text!r}") from None


def _month(given: Given, *names: str) -> clock.DayDeadline:
    event_on = given.day(*names)
    return clock.month_period(event_on, given.number("months", "dsr.base_months", event_on), given.place)


def _answers(deadline: clock.DayDeadline | None) -> Answers:
    if deadline is None:
        return {"nominal": None, "last_day": None, "end_exclusive_utc": None}
    return {
        "event_date": deadline.event_on,
        "nominal": deadline.nominal,
        "excluded_days": deadline.excluded_days,
        "last_day": deadline.last_day,
        "end_exclusive_utc": deadline.end_exclusive,
    }


def _months(given: Given) -> Answers:
    return _answers(_month(given, "event", "received"))


def _extension_notice(given: Given) -> Answers:
    received_on = given.day("received", "event")
    jurisdiction = catalogue.jurisdiction(given.text("calendar"))
    base = _uk(given).binding if jurisdiction == "UK" else _month(given, "received", "event")
    if base is None:
        raise MalformedVector("the month has not begun or stands still, so nothing can be extended")
    notice = requests.extension(
        base,
        further_months=given.number("extension_months", "dsr.extension_months", received_on),
        at_most=catalogue.parameter("dsr.extension_months", jurisdiction, received_on).value,
        notice_sent_on=given.day("notice_sent"),
        reasons_given=bool(given.values.get("reasons")),
        place=given.place,
    )
    late = notice.notice_sent_on > base.last_day
    return _answers(notice.binding) | {
        "valid": notice.valid,
        "base_last_day": base.last_day,
        "extended_last_day": notice.extended.last_day if notice.extended else None,
        "state": "extended" if notice.valid else "overdue" if late else "running",
    }


def _uk(given: Given) -> requests.UkMonth:
    received_on = given.day("received", "event")
    return requests.uk_month(
        received_on,
        given.number("months", "dsr.base_months", received_on),
        given.place,
        identity=given.asked("identity_asked", "identity_received", "identity_answered"),
        fee=given.asked("fee_asked", "fee_received", "fee_paid"),
        clarification=given.asked("clarification_asked", "clarification_answered", "clarification_received"),
    )


def _uk_month(given: Given) -> Answers:
    month = _uk(given)
    return _answers(month.binding) | {
        "start": month.started_on,
        "nominal": month.unpaused.nominal if month.unpaused else None,
        "paused": month.paused,
        "excluded_days": month.excluded_days,
        "unpaused_last_day": month.unpaused.last_day if month.unpaused else None,
        "notice_limit": month.binding.last_day if month.binding else None,
    }


def _eu_pause(given: Given) -> Answers:
    received_on = given.day("received", "event")
    name = given.text("profile") if given.has("profile") else requests.Profile.EU_SAFE
    if name not in [*requests.Profile]:
        raise MalformedVector(f"given 'profile' is unknown: {name!r}")
    pause = requests.eu_pause(
        received_on,
        given.number("months", "dsr.base_months", received_on),
        given.place,
        question=given.asked("asked", "answered"),
        ask_within_days=given.number("ask_within_days", "dsr.idcheck_max_days", received_on),
        profile=requests.Profile(name),
    )
    return _answers(pause.binding) | {
        "nominal": pause.safe.nominal,
        "paused": pause.paused,
        "admitted": pause.admitted,
        "excluded_days": pause.excluded_days if pause.paused else 0,
        "eu_safe_last_day": pause.safe.last_day,
        "pause_eu_last_day": pause.moved.last_day if pause.moved else None,
    }


def _promise(given: Given) -> Answers:
    statutory = _month(given, "received", "event")
    days = given.number("promise_days", "dsr.promise_days", statutory.event_on)
    both = requests.promise(statutory, validated_on=given.maybe_day("validated"), promise_days=days, place=given.place)
    return {
        "statutory": statutory.last_day,
        "statutory_nominal": statutory.nominal,
        "promise": both.promised.last_day if both.promised else None,
        "effective": both.effective.last_day,
        "end_exclusive_utc": both.effective.end_exclusive,
        "promise_weaker": both.weaker_than_law,
        "binding": "law" if both.effective is statutory else "promise",
    }


def _hour_deadline(given: Given, event_at: datetime, parameter: str) -> clock.HourDeadline:
    hours = given.number("hours", parameter, clock.local_day(event_at, given.zone))
    return clock.hour_period(event_at, hours, given.zone)


def _hours(given: Given) -> Answers:
    ends = _hour_deadline(given, given.instant("aware", "event"), "breach.controller_hours")
    return {"safe_utc": ends.safe_at, "limit_1182_utc": ends.limit_1182_at, "due_utc": ends.safe_at}


def _chain(given: Given) -> Answers:
    vendor = _hour_deadline(given, given.instant("aware", "event"), "breach.processor_promise_hours")
    controller = _hour_deadline(given, given.instant("notice_delivered", "delivered"), "breach.controller_hours")
    return {
        "vendor_due_utc": vendor.safe_at,
        "vendor_limit_1182_utc": vendor.limit_1182_at,
        "controller_due_utc": controller.safe_at,
        "controller_limit_1182_utc": controller.limit_1182_at,
    }


def _business_day(given: Given) -> Answers:
    received_at = given.instant("received", "event")
    place = given.serving_region
    days = given.number("days", "doc.business_days", clock.local_day(received_at, place.zone))
    due = clock.business_days(received_at, days, _cutoff(given), place)
    return {"day0": due.day_zero, "due_date": due.due_on, "due_utc": due.due_at}


def _cutoff(given: Given) -> time:
    if not given.has("cutoff"):
        return catalogue.service_hours(given.text("calendar")).cutoff
    text = given.text("cutoff")
    try:
        cutoff = time.fromisoformat(text)
    except ValueError:
        raise MalformedVector(f"given 'cutoff' is no time of day: {text!r}") from None
    if cutoff.tzinfo:
        raise MalformedVector("given 'cutoff' carries an offset; it is told in the serving region's zone")
    return cutoff


def _notice(given: Given) -> Answers:
    delivered_on = given.day("delivered", "event")
    window = clock.notice_window(
        delivered_on, given.number("days", "subprocessor.notice_days", delivered_on), given.place
    )
    return _answers(window) | {"earliest": window.next_day, "earliest_utc": window.end_exclusive}


def _notice_backward(given: Given) -> Answers:
    effective_on = given.day("effective", "event")
    days = given.number("clear_days", "subprocessor.notice_days", effective_on)
    return {"latest": clock.backward_period(effective_on, days).latest_on}


KINDS: Mapping[str, Callable[[Given], Answers]] = {
    "months": _months,
    "extension_notice": _extension_notice,
    "uk_month": _uk_month,
    "uk_pause": _uk_month,
    "eu_pause": _eu_pause,
    "promise": _promise,
    "hours": _hours,
    "chain": _chain,
    "business_day": _business_day,
    "notice": _notice,
    "notice_backward": _notice_backward,
}


def evaluate(item: Mapping[str, Any]) -> Answers:
    """All answers of one vector, from `kind` and `given` alone. Raises MalformedVector, and clock's refusals."""
    kind, given = item.get("kind"), item.get("given")
    if not isinstance(kind, str) or kind not in KINDS:
        raise MalformedVector(f"unknown kind {kind!r}")
    if not isinstance(given, dict):
        raise MalformedVector("no 'given' object")
    return KINDS[kind](Given(given))


def _agrees(expected: object, answers: Answers, key: str) -> bool:
    answer = answers[key]
    if isinstance(answer, datetime) and isinstance(expected, str):
        return _instant(expected) == answer
    if isinstance(answer, date) and isinstance(expected, str):
        # A day may also be expected as the instant at which it begins.
        return answer.isoformat() == expected or (
            f"{key}_utc" in answers and _instant(expected) == answers[f"{key}_utc"]
        )
    return type(answer) is type(expected) and answer == expected


def _instant(text: str) -> datetime | None:
    try:
        return clock.in_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def faults(item: object) -> list[str]:
    """What is wrong with one vector: malformed, refused, or an answer that differs. Empty when it passes."""
    if not isinstance(item, dict):
        return ["not an object"]
    expected = item.get("expect")
    if not isinstance(expected, dict) or not expected:
        return ["no 'expect' object with answers"]
    try:
        answers = evaluate(item)
    except (ValueError, catalogue.UnknownParameter, OverflowError) as refused:
        return [str(refused)]
    return [f"{key!r} is not computed for this kind" for key in expected if key not in answers] + [
        f"{key} is {_shown(answers[key])}, expected {_shown(value)}"
        for key, value in expected.items()
        if key in answers and not _agrees(value, answers, key)
    ]


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def _line(text: str) -> str:
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode()


def read(path: Path) -> list[object]:
    """The vectors of a file. Raises CommandError when it cannot be read or is no JSON list."""
    try:
        items = json.loads(path.read_bytes())
    except OSError as unreadable:
        raise CommandError(f"{path}: {unreadable.strerror}") from None
    except (ValueError, RecursionError) as malformed:
        raise CommandError(f"{path} is not JSON: {malformed}") from None
    if not isinstance(items, list):
        raise CommandError(f"{path} is not a list of vectors")
    return items


def run(path: Path, out: Output) -> int:
    """Write one line a vector and the closing count; returns the number that failed. Raises CommandError."""
    failed = 0
    items = read(path)
    for number, item in enumerate(items, start=1):
        wrong = faults(item)
        failed += bool(wrong)
        name, kind = (item.get("id"), item.get("kind")) if isinstance(item, dict) else (None, None)
        title = " ".join(str(part) for part in (f"item {number}" if name is None else name, kind) if part)
        out.write(_line(f"FAIL {title}: {'; '.join(wrong)}" if wrong else f"ok {title}") + "\n")
    out.write(f"{len(items) - failed} passed, {failed} failed\n")
    return failed


class Command(BaseCommand):
    """Check the clock against a file of vectors."""

    help = "Recompute every deadline vector of a JSON file and compare; exit status 1 when one fails."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.json")

    def handle(self, *args: object, **options: Any) -> None:
        if run(options["file"], self.stdout):
            sys.exit(1)
