"""What the trail is searched by. Shape only."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from audit.readers import PeriodForm
from audit.trail.queries import Search

ACTIONS = [("", "Any"), ("I", "Created"), ("U", "Changed"), ("D", "Deleted"), ("S", "Structure changed")]
SHORTEST = 3


class Filters(PeriodForm):
    """Every field may stay empty. Days are those of the tenant's zone, both included."""

    actor = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="Kind of record", required=False)
    record = forms.CharField(label="Record", required=False, max_length=80, help_text="Its reference or id")
    action = forms.ChoiceField(label="What happened", required=False, choices=ACTIONS)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label="Reason contains", required=False, max_length=100, help_text=f"At least {SHORTEST} characters"
    )

    def __init__(
        self, *args: Any, actors: Iterable[tuple[str, str]], kinds: Iterable[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        # Anybody's way of naming somebody else's trail is refused as a choice that does not exist.
        self.fields["actor"].choices = [("", "Anybody"), *actors]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", "Any"), *kinds]  # type: ignore[attr-defined]

    def name_actors(self, choices: Iterable[tuple[str, str]]) -> None:
        """Their names, once the keys that open them are there."""
        self.fields["actor"].choices = [("", "Anybody"), *choices]  # type: ignore[attr-defined]

    def clean_reason(self) -> str:
        text = str(self.cleaned_data["reason"])
        if text and len(text) < SHORTEST:
            raise forms.ValidationError(f"Enter at least {SHORTEST} characters of the reason.")
        return text

    def search(self, zone: ZoneInfo) -> Search:
        """The search of a valid form."""
        values = self.cleaned_data
        return Search(
            actor=values["actor"],
            table=values["kind"],
            record=values["record"].strip(),
            op=values["action"],
            **self.bounds(zone),
            reason=values["reason"],
        )
