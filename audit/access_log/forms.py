"""What the access log is searched by. Shape only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from audit.access_log.states import WORDS, Kind
from audit.readers import midnight

KINDS = [("", "Anything"), *((kind.value, WORDS[kind]) for kind in Kind)]
BACKWARDS = "The last day lies before the first. Exchange them."


class Filters(forms.Form):
    """Every field may stay empty. Days are those of the tenant's zone, both included."""

    actor = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="What happened", required=False, choices=KINDS)
    record = forms.CharField(label="Record or person", required=False, max_length=120, help_text="A reference or an id")
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, actors: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["actor"].choices = [("", "Anybody"), *actors]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", BACKWARDS)
        return values

    def bounds(self, zone: ZoneInfo) -> dict[str, datetime | None]:
        """`since` and `until` of a valid form, in UTC."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return {"since": midnight(since, zone), "until": midnight(until + timedelta(days=1), zone) if until else None}
