from collections.abc import Collection
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


class RoleForm(forms.Form):
    """A role of this workspace. `held` is what the person who fills it in may do; nothing else is offered."""

    name = OneLine(label="Name", max_length=60, error_messages={"required": "Enter a name for the role."})
    purpose = OneLine(
        label="Purpose",
        max_length=200,
        help_text="In one sentence: what somebody with this role does here.",
        error_messages={"required": "Say what the role is for."},
    )

    def __init__(self, *args: Any, held: Collection[str], **options: Any) -> None:
        super().__init__(*args, **options)
        before = self.initial.get("permissions", ())
        offered = catalogue.FOR_TENANTS & {*held, *before}
        self.groups: list[str] = []
        for group, heading in catalogue.GROUPS.items():
            choices = [
                (key, sentence[0].upper() + sentence[1:])
                for key, sentence in catalogue.PERMISSIONS.items()
                if key in offered and catalogue.group_of(key) == heading
            ]
            if choices:
                self.groups.append(group)
                chosen = [key for key in before if catalogue.group_of(key) == heading]
                self.fields[group] = _permissions(heading, choices, chosen)
        self.fields["reason"] = Reason()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        broken = any(group in self.errors for group in self.groups)
        cleaned["permissions"] = [key for group in self.groups for key in cleaned.pop(group, [])]
        if not cleaned["permissions"] and not broken and self.groups:
            self.add_error(self.groups[0], "Choose at least one permission, here or in another group.")
        return cleaned

    def place_of(self, field: str) -> str | None:
        """The field of this form that shows what is wrong with `field` of a role."""
        return (self.groups[0] if self.groups else None) if field == "permissions" else field


def _permissions(heading: str, choices: list[tuple[str, str]], chosen: list[str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=heading,
        required=False,
        choices=choices,
        initial=chosen,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the permissions listed."},
    )


class Filter(forms.Form):
    email = forms.CharField(label="E-mail address in full", required=False, max_length=254)
    state = forms.ChoiceField(label="State", required=False, choices=STATES)
    role = forms.ChoiceField(label="Role", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "Any role"), *[(role.key, role.name) for role in queries.roles_here()]]
        self.fields["role"] = forms.ChoiceField(label="Role", required=False, choices=choices)
