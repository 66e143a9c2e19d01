"""What somebody asks for when they order a copy. Shape only."""

from django import forms

from audit.context import ReasonRefused, checked_reason
from audit.readers import PeriodForm


class Order(PeriodForm):
    """Days are those of the tenant's zone, both included; empty ones leave the period open on that side."""

    since = forms.DateField(
        label="From",
        required=False,
        help_text="Empty: from the first event on.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until = forms.DateField(
        label="To",
        required=False,
        help_text="Empty: up to the newest signed head.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Why the copy leaves the house. Goes into the trail.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why, in a few words."},
    )

    def clean_reason(self) -> str:
        try:
            return checked_reason(str(self.cleaned_data["reason"]))
        except ReasonRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
