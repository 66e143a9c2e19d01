"""The month of GDPR Art. 12(3): pauses in the EU and the UK, the extension, and the promise beside the law. Pure.

All days are local days of the controller's zone. The EDPB gives no arithmetic for a suspension, so both readings are
computed and the controller's data protection officer chooses (DSR-06); the United Kingdom has one in Art. 12A.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from privacy.deadlines.clock import (
    DayDeadline,
    DeadlineRefused,
    Place,
    Step,
    first_instant,
    later,
    month_period,
    promise_period,
    say_count,
    say_day,
)


class Profile(StrEnum):
    """What a question to the data subject does to the month of GDPR Art. 12(3) (DSR-06)."""

    EU_SAFE = "EU_SAFE"
    PAUSE_EU = "PAUSE_EU"


@dataclass(frozen=True, slots=True)
class Asked:
    """Something asked of the data subject (identity, fee, clarification), on local days."""

    asked_on: date
    answered_on: date | None

    def __post_init__(self) -> None:
        if self.answered_on is not None and self.answered_on < self.asked_on:
            raise DeadlineRefused(f"answered on {self.answered_on}, before it was asked on {self.asked_on}")


@dataclass(frozen=True, slots=True)
class EuPause:
    """One request under both EU profiles. `moved` is None while an admitted question is unanswered (DSR-06)."""

    profile: Profile
    question: Asked | None
    ask_within_days: int
    admitted: bool
    excluded_days: int
    safe: DayDeadline
    moved: DayDeadline | None
    steps: tuple[Step, ...]

    @property
    def paused(self) -> bool:
        """Whether the chosen profile lets the question move the end."""
        return self.admitted and self.profile is Profile.PAUSE_EU

    @property
    def binding(self) -> DayDeadline | None:
        """The deadline of the chosen profile, or None while the clock stands still."""
        return self.moved if self.profile is Profile.PAUSE_EU else self.safe


@dataclass(frozen=True, slots=True)
class UkMonth:
    """A request under Art. 12A UK GDPR. `binding` is None while something asked has not arrived (DSR-07)."""

    received_on: date
    months: int
    identity: Asked | None
    fee: Asked | None
    clarification: Asked | None
    started_on: date | None
    paused: bool
    excluded_days: int
    unpaused: DayDeadline | None
    binding: DayDeadline | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension notice under GDPR Art. 12(3): `refused_because` is None when it is valid (DSR-08)."""

    base: DayDeadline
    further_months: int
    notice_sent_on: date
    reasons_given: bool
    refused_because: str | None
    extended: DayDeadline | None
    steps: tuple[Step, ...]

    @property
    def valid(self) -> bool:
        """Whether the notice moves the end."""
        return self.extended is not None

    @property
    def binding(self) -> DayDeadline:
        """The deadline after the notice: three months from receipt when valid, otherwise the first month."""
        return self.extended or self.base


@dataclass(frozen=True, slots=True)
class Promise:
    """The contract promise beside the law: `effective` is the earlier last day (DSR-13, DSR-14)."""

    statutory: DayDeadline
    promised: DayDeadline | None
    effective: DayDeadline
    weaker_than_law: bool
    steps: tuple[Step, ...]


def eu_pause(
    received_on: date, months: int, place: Place, *, question: Asked | None, ask_within_days: int, profile: Profile
) -> EuPause:
    """The month of GDPR Art. 12(3) when identity or clarification is asked, under both profiles (DSR-04 to DSR-06).

    A question asked more than `ask_within_days` days after receipt, or after the last day, moves nothing.
    """
    safe = month_period(received_on, months, place)
    if question and question.asked_on < received_on:
        raise DeadlineRefused(f"asked on {question.asked_on}, before receipt on {received_on}")
    limit = min(later(received_on, ask_within_days), safe.last_day)
    admitted = question is not None and question.asked_on <= limit
    excluded, moved = 0, None if admitted else safe
    if question and admitted and question.answered_on:
        excluded = (question.answered_on - question.asked_on).days
        moved = month_period(received_on, months, place, excluded_days=excluded)
    step = Step(
        *_effect(admitted=admitted, excluded=excluded, moved=moved, limit=limit), moved.last_day if moved else None
    )
    return EuPause(profile, question, ask_within_days, admitted, excluded, safe, moved, (step,))


def _effect(*, admitted: bool, excluded: int, moved: DayDeadline | None, limit: date) -> tuple[str, str]:
    if not admitted:
        return "DSR-04", f"Nothing was asked by {say_day(limit)}, so nothing moves"
    if moved is None:
        return "DSR-06", "Asked in time and not yet answered, so the end is open where the clock stands still"
    return "DSR-06", f"{say_count(excluded, 'day')} after the day of asking, to the answer, not counted"


def uk_month(
    received_on: date,
    months: int,
    place: Place,
    *,
    identity: Asked | None = None,
    fee: Asked | None = None,
    clarification: Asked | None = None,
) -> UkMonth:
    """The month of Art. 12A UK GDPR: from the latest of receipt, identity and fee, without clarification days (DSR-07).

    Clarification days run from the day of asking to the day of the answer, both included. The result's `binding` end is
    also the limit for an extension notice.
    """
    waiting = UkMonth(
        received_on=received_on,
        months=months,
        identity=identity,
        fee=fee,
        clarification=clarification,
        started_on=None,
        paused=True,
        excluded_days=0,
        unpaused=None,
        binding=None,
        steps=(Step("DSR-07", "What was asked of the person has not arrived, so the month has not begun", None),),
    )
    arrivals = [each.answered_on for each in (identity, fee) if each]
    if None in arrivals:
        return waiting
    started_on = max([received_on, *(day for day in arrivals if day)])
    unpaused = month_period(started_on, months, place)
    step = Step("DSR-07", f"The month runs from the latest arrival, {say_day(started_on)}", started_on)
    running = replace(waiting, started_on=started_on, paused=False, unpaused=unpaused, binding=unpaused, steps=(step,))
    if clarification is None or not _interrupts(clarification, unpaused):
        return running
    return _interrupted(running, clarification, unpaused, place)


def _interrupts(clarification: Asked, unpaused: DayDeadline) -> bool:
    answered_before = clarification.answered_on is not None and clarification.answered_on < unpaused.event_on
    return clarification.asked_on <= unpaused.last_day and not answered_before


def _interrupted(running: UkMonth, clarification: Asked, unpaused: DayDeadline, place: Place) -> UkMonth:
    if clarification.answered_on is None:
        step = Step("DSR-07", f"Clarification asked on {say_day(clarification.asked_on)} is open", None)
        return replace(running, paused=True, binding=None, steps=(*running.steps, step))
    # Days before the month began are in no period, so they cannot be taken out of one.
    excluded = (clarification.answered_on - max(clarification.asked_on, unpaused.event_on)).days + 1
    binding = month_period(unpaused.event_on, running.months, place, excluded_days=excluded)
    step = Step("DSR-07", f"{say_count(excluded, 'day')} of clarification not counted", binding.last_day)
    steps = (*running.steps, step)
    return replace(running, paused=True, excluded_days=excluded, binding=binding, steps=steps)


def extension(
    base: DayDeadline, *, further_months: int, at_most: int, notice_sent_on: date, reasons_given: bool, place: Place
) -> Extension:
    """An extension notice to the data subject: valid when sent by the last day of the first month, with reasons.

    The new end is one period from the start of the first (GDPR Art. 12(3), DSR-08), with the same days left out.
    """
    refused = None
    if notice_sent_on < base.event_on:
        raise DeadlineRefused(f"notice sent on {notice_sent_on}, before the month began on {base.event_on}")
    if notice_sent_on > base.last_day:
        refused = f"the notice was sent on {say_day(notice_sent_on)}, after {say_day(base.last_day)}"
    elif not reasons_given:
        refused = "the notice gives no reasons"
    elif not 1 <= further_months <= at_most:
        refused = f"the law allows {say_count(at_most, 'further month')}, not {further_months}"
    extended = None
    if refused is None:
        months = base.length + further_months
        extended = month_period(base.event_on, months, place, excluded_days=base.excluded_days)
    ends = (extended or base).last_day
    step = Step("DSR-08", f"Extension refused: {refused}" if refused else f"Extended to {say_day(ends)}", ends)
    return Extension(base, further_months, notice_sent_on, reasons_given, refused, extended, (step,))


def promise(statutory: DayDeadline, *, validated_on: date | None, promise_days: int, place: Place) -> Promise:
    """The earlier of the law and the promise, which starts when a named person has validated the request (DSR-13)."""
    promised = None if validated_on is None else promise_period(validated_on, promise_days, place)
    weaker = promised is not None and promised.last_day > statutory.last_day
    effective = statutory if promised is None or weaker else promised
    binds = "law" if effective is statutory else "promise"
    step = Step("DSR-14", f"The {binds} binds: {say_day(effective.last_day)}", effective.last_day)
    return Promise(statutory, promised, effective, weaker, (step,))


def same_day(received_on: date, place: Place) -> DayDeadline:
    """The end of the day of receipt: when a processor must have handed a request to its controller (DSR-01)."""
    end = first_instant(later(received_on, 1), place.zone)
    says = f"Handed to the controller on the day of receipt, {say_day(received_on)}"
    names = (place.zone.key, place.calendar.code, place.calendar.version)
    return DayDeadline(
        received_on, 1, "days", 0, received_on, received_on, end, *names, (Step("DSR-01", says, received_on),)
    )
