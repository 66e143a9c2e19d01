from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.context import ReasonRefused, checked_reason
from tenants.members.signature_form import SigningFields
from trust_center.documents.states import Classification

CLASSIFICATIONS = [(value.value, value.value.capitalize()) for value in Classification]
# Further ahead nobody knows the law or the register of the day.
FURTHEST_AHEAD = timedelta(days=366)


class Reason(forms.CharField):
    """Why a record is changed; refused when it says nothing (AT-16)."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Reason")
        options.setdefault("help_text", "Goes into the history of the record.")
        options.setdefault("error_messages", {"required": "Say why, in a few words."})
        options.setdefault("widget", forms.Textarea(attrs={"rows": 2}))
        super().__init__(max_length=500, **options)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            return checked_reason(text)
        except ReasonRefused as refused:
            raise ValidationError(str(refused), code="reason") from refused


class WithReason(forms.Form):
    reason = Reason()


class Publish(SigningFields, WithReason):
    """A version is given out by the signature of a second person."""


class Prepare(forms.Form):
    effective_on = forms.DateField(
        label="In force from",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the day from which the version is in force.",
            "invalid": "Enter the day as year, month and day, for example 2026-11-30.",
        },
    )
    classification = forms.ChoiceField(
        label="Classification",
        choices=CLASSIFICATIONS,
        error_messages={"required": "Choose who may read it.", "invalid_choice": "Choose one of the list."},
    )
    needs_nda = forms.BooleanField(
        label="Given out under a non-disclosure agreement only",
        help_text="Whoever grants it confirms that an agreement with the company is in force.",
        required=False,
    )
    changes = forms.CharField(
        label="What changes in this version",
        max_length=300,
        help_text="Stands on the cover and in the public list of changes.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what changes, in one sentence."},
    )
    reason = Reason(help_text="Goes into the history, for example “Sub-processor SP-05 added on 1 March”.")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_effective_on(self) -> date:
        day: date = self.cleaned_data["effective_on"]
        if day < self.today:
            raise ValidationError("A version cannot come into force in the past. Choose today or a later day.")
        if day > self.today + FURTHEST_AHEAD:
            raise ValidationError("Choose a day within the next twelve months.")
        return day

    def clean_classification(self) -> Classification:
        return Classification(self.cleaned_data["classification"])
