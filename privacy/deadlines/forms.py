"""Moments as people type them, and the question that the public page answers. Shape only; a link carries all of it."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import holidays
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from holidays.registry import COUNTRIES

from privacy.deadlines import catalogue, queries
from privacy.deadlines.queries import Ask

ASKS = {
    Ask.MONTH: "One month to answer a data subject (GDPR Art. 12(3))",
    Ask.EXTENSION: "One month and its extension by two (GDPR Art. 12(3))",
    Ask.PROMISE: "Our promise: 30 days after validation",
    Ask.HOURS: "72 hours to notify a breach (GDPR Art. 33(1), and our promise)",
    Ask.TARGET: "24 hours to notify a breach: our own target",
    Ask.BUSINESS_DAY: "One business day to answer a document request",
    Ask.OBJECTION: "Window to object to a sub-processor",
    Ask.NOTICE: "Latest day to give notice before a change",
}
NATIONS = {"GB-ENG": "England", "GB-NIR": "Northern Ireland", "GB-SCT": "Scotland", "GB-WLS": "Wales"}
MOST_EXCLUDED = 366
FIRST, LAST = date(catalogue.FIRST_YEAR, 1, 1), date(catalogue.LAST_YEAR, 12, 31)
OUTSIDE = f"Enter a day from {FIRST.year} to {LAST.year}: no holiday calendar covers more."
ZONE_HELP = "A name of the tz database, for example Europe/Berlin."


def calendars() -> list[tuple[str, str]]:
    """Every country with a holiday calendar, and the nations of the United Kingdom, by name."""
    supported = holidays.list_supported_countries(include_aliases=False)
    named = {names[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", names[0]) for names in COUNTRIES.values()}
    found = {code: name for code, name in named.items() if code in supported and code in catalogue.ZONES}
    return sorted({**found, **NATIONS}.items(), key=lambda pair: pair[1])


class Zone(forms.CharField):
    """A time zone by its name; empty means None."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"list": "zones", "spellcheck": "false", "autocapitalize": "off"})
        super().__init__(required=False, widget=widget, **options)

    def clean(self, value: Any) -> ZoneInfo | None:
        name = super().clean(value)
        if not name:
            return None
        known = {zone.casefold(): zone for zone in available_timezones()}
        if name.casefold() not in known:
            raise forms.ValidationError("Enter a time zone as the tz database names it, for example Europe/Berlin.")
        return ZoneInfo(known[name.casefold()])


class LocalMoment(forms.SplitDateTimeField):
    """Date and time on the clocks of `zone`. A time that the clocks show twice means the first: the safe side."""

    zone = ZoneInfo("UTC")

    def __init__(self, **options: Any) -> None:
        widget = forms.SplitDateTimeWidget(
            date_format="%Y-%m-%d", time_format="%H:%M", date_attrs={"type": "date"}, time_attrs={"type": "time"}
        )
        messages = {
            "required": "Enter the date and the time.",
            "invalid_date": "Enter a real date.",
            "invalid_time": "Enter a real time.",
        }
        super().__init__(widget=widget, error_messages=messages | options.pop("error_messages", {}), **options)

    def compress(self, data_list: Any) -> datetime | None:
        if not data_list:
            return None
        if any(value in self.empty_values for value in data_list):
            raise forms.ValidationError("Enter both the date and the time.")
        local = datetime.combine(*data_list).replace(tzinfo=self.zone)
        try:
            at = local.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("Enter a real date.") from None
        if at.astimezone(self.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise forms.ValidationError("The clocks skipped this time. Enter the hour before or after.")
        return at


class QuestionForm(forms.Form):
    """Which deadline, from when, where."""

    kind = forms.ChoiceField(
        label="Which deadline?",
        choices=[(ask.value, label) for ask, label in ASKS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a deadline.", "invalid_choice": "Choose one of the deadlines listed."},
    )
    day = forms.DateField(
        label="Day it starts",
        help_text="The day of receipt, of awareness, of delivery; for a latest day of notice, the day of the change.",
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MinValueValidator(FIRST, OUTSIDE), MaxValueValidator(LAST, OUTSIDE)],
        error_messages={"required": "Enter the day.", "invalid": "Enter a real day, for example 2026-08-07."},
    )
    time = forms.TimeField(
        label="Time it starts",
        help_text="Needed where hours or business days count. Otherwise it only decides which day it is in the zone.",
        required=False,
        input_formats=["%H:%M", "%H:%M:%S", "%H:%M:%S.%f"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "any"}),
        error_messages={"invalid": "Enter a real time, for example 14:30."},
    )
    calendar = forms.ChoiceField(
        label="Whose public holidays count?",
        help_text="The state where the duty is to be done.",
        error_messages={"required": "Choose a country.", "invalid_choice": "Choose one of the countries listed."},
    )
    zone = Zone(label="Time zone of the deadline", help_text=f"{ZONE_HELP} Left empty: that of the country's capital.")
    told_in = Zone(label="Time zone of the start", help_text="When day and time were told in another zone.")
    excluded = forms.IntegerField(
        label="Days that do not count",
        help_text="Pauses, while a data subject had to answer: only for the month and its extension.",
        required=False,
        min_value=0,
        max_value=MOST_EXCLUDED,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "input--short"}),
        error_messages={
            "invalid": "Enter a whole number of days.",
            "min_value": "Enter 0 or more days.",
            "max_value": f"Enter at most {MOST_EXCLUDED} days.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].choices = [("", "Choose a country"), *calendars()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ask = cleaned.get("kind")
        if ask in queries.COUNTED_IN_HOURS and "time" in cleaned and cleaned["time"] is None:
            self.add_error("time", "Enter the time: this deadline does not count whole days.")
        if cleaned.get("excluded") and ask and ask not in queries.PAUSABLE:
            self.add_error("excluded", "Leave this empty: only the month of Art. 12(3) can be paused.")
        return cleaned

    def question(self) -> queries.Question | None:
        """What was asked, once the form is valid; None, with the error beside the time, when the clocks skipped it."""
        given = self.cleaned_data
        zone = given["zone"] or catalogue.default_zone(given["calendar"])
        # A day without a time is that day where the deadline runs.
        at = _instant(given["day"], given["time"], (given["time"] and given["told_in"]) or zone)
        if at is None:
            self.add_error("time", "The clocks skipped this time that day. Enter the time before or after.")
            return None
        return queries.Question(Ask(given["kind"]), at, given["calendar"], zone, given["excluded"] or 0)


def _instant(day: date, at: time | None, zone: ZoneInfo) -> datetime | None:
    """The instant in UTC; None for a time that the clocks skipped. One shown twice means the first: the safe side."""
    local = datetime.combine(day, at or time(12)).replace(tzinfo=zone)
    instant = local.astimezone(UTC)
    # A time zone may skip noon too, once in a century; then the day is all that was told.
    exists = at is None or instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return instant if exists else None
