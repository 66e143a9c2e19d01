from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from tenants.members.accounts.forms import Reason
from tenants.members.passwords import MaximumLength
from tenants.members.signing_rights import catalogue

LONGEST = int(catalogue.LONGEST_SERIES.total_seconds() // 60)
A_DAY = {"invalid": "Enter a day, for example 2026-05-04."}


class Verify(forms.Form):
    method = forms.ChoiceField(
        label="How did you make sure who this person is?",
        choices=[*catalogue.METHODS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how you made sure.", "invalid_choice": "Choose one of the methods listed."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        help_text="What an inspector should know, for example the kind of document. No numbers of documents.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reason = Reason()


class Accept(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    password = forms.CharField(
        label="Your password",
        strip=False,
        max_length=MaximumLength.LIMIT,
        help_text="So that nobody accepts in your name.",
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class Publish(forms.Form):
    text = forms.CharField(
        label="Text of the policy",
        max_length=20_000,
        help_text="An empty line begins a new paragraph.",
        error_messages={"required": "Enter the text of the policy."},
        widget=forms.Textarea(attrs={"rows": 20}),
    )
    series_minutes = forms.IntegerField(
        label="Series window in minutes",
        min_value=0,
        max_value=LONGEST,
        help_text=f"0 is off: every signature takes all components. At most {LONGEST}.",
        error_messages={"required": "Enter the minutes, or 0.", "invalid": "Enter whole minutes, or 0."},
        widget=forms.NumberInput(attrs={"class": "input--short", "inputmode": "numeric"}),
    )
    effective_on = forms.DateField(
        label="In force from",
        required=False,
        help_text="The beginning of that day. Leave it empty for now. Until then people read and accept nothing new.",
        error_messages=A_DAY,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = Reason()

    def __init__(self, *args: Any, now: datetime, time_zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now, self.zone = now, ZoneInfo(time_zone)

    def clean_effective_on(self) -> datetime:
        """The moment it begins to hold."""
        day = self.cleaned_data["effective_on"]
        if day is None:
            return self.now
        today = self.now.astimezone(self.zone).date()
        if not today <= day <= today + catalogue.LONGEST_NOTICE:
            raise ValidationError("Enter a day from today on, within a year.", code="range")
        return max(datetime.combine(day, time.min, self.zone), self.now)


class Certify(forms.Form):
    certified_on = forms.DateField(
        label="Day of the letter",
        error_messages={"required": "Enter the day of the letter.", **A_DAY},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=1000,
        help_text="Who signed it, how it was sent, and where the copy is kept.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = Reason()

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now

    def clean_certified_on(self) -> Any:
        day = self.cleaned_data["certified_on"]
        if day > self.now.date():
            raise ValidationError("Enter a day that has been: the letter comes first.", code="future")
        return day


class WithReason(forms.Form):
    reason = Reason()
