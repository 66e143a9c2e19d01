"""What the access log is searched by. Shape only."""

from collections.abc import Iterable
from typing import Any

from django import forms

from audit.access_log.states import WORDS, Kind
from audit.readers import PeriodForm

KINDS = [("", "Anything"), *((kind.value, WORDS[kind]) for kind in Kind)]


class Filters(PeriodForm):
    """Every field may stay empty. Days are those of the tenant's zone, both included."""

    actor = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="What happened", required=False, choices=KINDS)
    record = forms.CharField(label="Record or person", required=False, max_length=120, help_text="A reference or an id")
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, actors: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["actor"].choices = [("", "Anybody"), *actors]  # type: ignore[attr-defined]
