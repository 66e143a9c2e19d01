from typing import Any

from django import forms

from privacy.incidents import queries
from privacy.incidents.forms import SHORT
from privacy.incidents.states import LABELS


class Filter(forms.Form):
    text = forms.CharField(label="Reference or title", required=False, max_length=SHORT)
    state = forms.ChoiceField(label="State", required=False)
    year = forms.TypedChoiceField(label="Year", required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [("", "Every state"), *[(key.value, word) for key, word in LABELS.items()]]  # type: ignore[attr-defined]
        self.fields["year"].choices = [("", "Every year"), *[(year, str(year)) for year in queries.years()]]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """What `queries.register` takes; nothing of it where the address holds nonsense."""
        return self.cleaned_data if self.is_valid() else {}
