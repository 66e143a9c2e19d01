from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenants.members.accounts.forms import OneLine, Reason
from tenants.members.api_tokens import catalogue
from tenants.members.api_tokens.states import Purpose

NETWORKS_HELP = "Where the program runs, one network or address a line, for example 203.0.113.0/24. Empty: anywhere."


class New(forms.Form):
    """What a new token is for and may do. `purposes`: those that this workspace can have."""

    name = OneLine(
        label="Name",
        max_length=80,
        help_text="The trail names the token so, for example “Entra ID provisioning”.",
        error_messages={"required": "Enter a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    purpose = forms.ChoiceField(
        label="Purpose",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the token is for.", "invalid_choice": "Choose from those listed."},
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, f"{scope}: {sentence}") for scope, (_, sentence) in catalogue.SCOPES.items()],
        help_text="Everything else stays closed to it.",
        error_messages={"required": "Choose at least one scope.", "invalid_choice": "Choose from the scopes listed."},
    )
    days = forms.IntegerField(
        label="Holds for, in days",
        min_value=1,
        max_value=catalogue.LONGEST_DAYS,
        initial=catalogue.DEFAULT_DAYS,
        help_text=f"1 to {catalogue.LONGEST_DAYS}. Administrators are mailed 14 days before the end.",
        error_messages={
            "required": "Enter a number of days.",
            "invalid": "Enter a whole number of days.",
            "min_value": "Enter at least 1 day.",
            "max_value": f"Enter at most {catalogue.LONGEST_DAYS} days.",
        },
        widget=forms.NumberInput(attrs={"class": "input--short"}),
    )
    networks = forms.CharField(
        label="Networks",
        required=False,
        max_length=2000,
        help_text=NETWORKS_HELP,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = Reason(help_text="Goes into the history of the token.")

    def __init__(self, *args: Any, purposes: list[Purpose], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(purpose.value, catalogue.PURPOSES[purpose]) for purpose in purposes]
        self.fields["purpose"].choices = choices  # type: ignore[attr-defined]

    def clean_networks(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["networks"]).splitlines() if line.strip()]
        if len(lines) > catalogue.MOST_NETWORKS:
            raise ValidationError(f"Enter at most {catalogue.MOST_NETWORKS} networks.", code="many")
        return [_network(line) for line in lines]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        wrong = [
            scope for scope in said.get("scopes", []) if catalogue.SCOPES[scope][0] != said.get("purpose", Purpose.API)
        ]
        if "purpose" in said and wrong:
            self.add_error("scopes", f"{', '.join(wrong)}: not a scope of this purpose.")
        return said


class WithReason(forms.Form):
    reason = Reason()


def _network(line: str) -> str:
    try:
        return catalogue.network(line)
    except ValueError as wrong:
        raise ValidationError(
            f"“{line[:50]}” is no network. Enter it like 203.0.113.0/24 or 2001:db8::/32.", code="network"
        ) from wrong
