from typing import Any

from django import forms

from tenants.members.access_reviews.states import Decision
from tenants.members.accounts.forms import Reason
from tenants.members.roles.forms import Roles
from tenants.members.signature_form import SigningFields

CHOOSE = {"required": "Choose what to do.", "invalid_choice": "Choose from the list."}


class Open(forms.Form):
    reason = Reason(help_text="For example “Before the inspection in May”.")


class Keep(forms.Form):
    """People whose access stays as it is, several at once."""

    people = forms.TypedMultipleChoiceField(
        label="People",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one person, or decide on them one by one.",
            "invalid_choice": "Choose from the people listed; nobody decides on themselves.",
        },
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["people"].choices = people  # type: ignore[attr-defined]


class Decide(forms.Form):
    """`manages`: may change roles and deactivate, not only keep."""

    decision = forms.ChoiceField(label="Decision", widget=forms.RadioSelect, error_messages=CHOOSE)
    roles = Roles(help_text="Only where the roles change.", required=False)
    reason = Reason(help_text="Goes into the review and into the history of the person.")

    def __init__(self, *args: Any, manages: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(Decision.KEEP.value, "Keep as it is")]
        if manages:
            choices += [
                (Decision.CHANGE.value, "Change the roles to those ticked below"),
                (Decision.DEACTIVATE.value, "Deactivate the account"),
            ]
        else:
            del self.fields["roles"]
        self.fields["decision"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == Decision.CHANGE and not cleaned.get("roles") and "roles" not in self.errors:
            self.add_error("roles", "Choose at least one role, or deactivate the account.")
        return cleaned


class SignOff(SigningFields):
    note = forms.CharField(
        label="Findings",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What you noticed and what follows from it. It is signed with the review.",
    )
    reason = Reason(help_text="For example “Review of the second half of 2026”.")
