from typing import Any

from django import forms

from tenants.members.accounts.forms import Reason
from tenants.members.roles.queries import roles_here


class ChooseRole(forms.Form):
    role = forms.ChoiceField(
        label="Role of its members",
        required=False,
        help_text="Whoever is in the group has it from now on, and loses it on leaving. A role given by hand stays.",
        error_messages={"invalid_choice": "Choose from the roles listed."},
    )
    reason = Reason(help_text="Goes into the history of the group and of each member's roles.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "No role"), *((role.key, f"{role.name}: {role.purpose}") for role in roles_here())]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
