from typing import Any

from django import forms

from tenants.members.accounts.forms import EMAIL, OneLine, Reason
from tenants.members.roles import catalogue, queries

STATES = [("", "Any state"), ("active", "Active"), ("invited", "Invited"), ("deactivated", "Deactivated")]


class Roles(forms.MultipleChoiceField):
    """The roles that exist on this host."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="Roles",
            widget=forms.CheckboxSelectMultiple,
            choices=lambda: [(role.key, f"{role.name}: {role.purpose}") for role in queries.roles_here()],
            error_messages={"required": "Choose at least one role.", "invalid_choice": "Choose from the roles listed."},
            **options,
        )


class Invite(forms.Form):
    full_name = OneLine(label="Name", max_length=120, error_messages={"required": "Enter the person's name."})
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The invitation goes there, and the person signs in with it.",
        error_messages=EMAIL,
    )
    job_title = OneLine(label="Job title", max_length=120, required=False)
    roles = Roles()
    reason = Reason(help_text="Goes into the history of the person, for example “Joined the privacy team”.")


class ChangeRoles(forms.Form):
    roles = Roles(help_text="They hold from the person's next page on.")
    reason = Reason()


class WithReason(forms.Form):
    reason = Reason()


class Filter(forms.Form):
    email = forms.CharField(label="E-mail address in full", required=False, max_length=254)
    state = forms.ChoiceField(label="State", required=False, choices=STATES)
    role = forms.ChoiceField(label="Role", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        roles: list[type[catalogue.Role]] = queries.roles_here()
        choices = [("", "Any role"), *[(role.key, role.name) for role in roles]]
        self.fields["role"] = forms.ChoiceField(label="Role", required=False, choices=choices)
