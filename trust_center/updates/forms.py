from datetime import datetime
from typing import Any

from django import forms

from trust_center.updates import queries
from trust_center.updates.states import FASTEST_PERSON


class Subscribe(forms.Form):
    """The address that wants changes by mail. `website` is a trap that no person sees."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="We send a link to confirm it. Nothing else is sent before you do.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter the e-mail address in the form name@example.com.",
            "max_length": "The e-mail address is longer than 254 characters.",
        },
    )
    every_change = forms.BooleanField(
        label="Also tell me when a promise or a clause on this site changes", required=False
    )
    website = forms.CharField(required=False, max_length=500, widget=forms.TextInput(attrs={"tabindex": "-1"}))
    opened = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["website"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """Raises on a form that no person can have filled in: too fast, too old, or with a stamp that is not ours."""
        cleaned = super().clean() or {}
        age = queries.form_age_seconds(cleaned.get("opened", ""), self.now)
        if age is None:
            raise forms.ValidationError("This form was open for too long. Send it again.")
        if age < FASTEST_PERSON.total_seconds():
            raise forms.ValidationError("This form came faster than a person writes. Send it again.")
        return cleaned

    @property
    def is_trapped(self) -> bool:
        """Whether a program filled in what no person sees."""
        return bool(self.data.get("website"))
