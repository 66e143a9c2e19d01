from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenants.members.access_policies import queries
from tenants.members.access_policies.catalogue import (
    FACTOR_WORDS,
    MOST_NETWORKS,
    Rules,
    SecondFactor,
    bounds,
    in_minutes,
    network,
)
from tenants.members.accounts.forms import Reason
from tenants.schemas import is_platform

LABELS = {
    "idle": ("Sign out after a rest of (minutes)", "Counted from the last page that was opened."),
    "admin_idle": (
        "The same, for people who manage people or access (minutes)",
        "They can do more harm with a desk left open.",
    ),
    "absolute": ("Sign out at the latest after (minutes)", "Counted from signing in, however much it is used."),
    "sessions_at_once": (
        "Sessions of one person at once",
        "One more ends the one that was not used for the longest time.",
    ),
    "password_length": ("Least length of a password", "Holds for passwords chosen from now on."),
}


class SignInRules(forms.Form):
    """Every rule about sign-in and sessions, as one decision with one reason."""

    second_factor = forms.ChoiceField(
        label="Second factor at sign-in",
        help_text="An authenticator app or a passkey. Who has none yet sets one up before anything else.",
        widget=forms.RadioSelect,
        choices=lambda: [(key, FACTOR_WORDS[key]) for key in SecondFactor],
        error_messages={"required": "Choose when a second factor is asked for."},
    )
    second_factor_roles = forms.MultipleChoiceField(
        label="Roles that need a second factor",
        help_text="Counts only with the choice “for the roles chosen below”.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=queries.roles,
        error_messages={"invalid_choice": "Choose from the roles listed."},
    )
    idle = forms.IntegerField()
    admin_idle = forms.IntegerField()
    absolute = forms.IntegerField()
    sessions_at_once = forms.IntegerField()
    networks = forms.CharField(
        label="Networks from which people may be signed in",
        help_text="One a line, as 203.0.113.0/24 or 2001:db8::/32. Empty: from anywhere. Holds for every request, and "
        "for visits of Complere's staff, too.",
        required=False,
        max_length=60 * MOST_NETWORKS,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    password_length = forms.IntegerField()
    sso_required = forms.BooleanField(
        label="People come in by the identity provider only",
        help_text="Passwords and passkeys of this workspace then open nothing, but for the people chosen below.",
        required=False,
    )
    recovery_accounts = forms.MultipleChoiceField(
        label="Who can still come in by password and second factor",
        help_text="For the day on which the identity provider does not answer. They manage access and have set up a "
        "second factor.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=lambda: [(str(user.pk), f"{user.full_name} ({user.role_names})") for user in queries.who_can_recover()],
        error_messages={"invalid_choice": "Choose from the people listed."},
    )
    reason = Reason()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, (least, most) in bounds(platform=is_platform()).items():
            label, hint = LABELS[name]
            self.fields[name] = forms.IntegerField(
                label=label,
                help_text=f"{hint} Between {least} and {most}.",
                min_value=least,
                max_value=most,
                widget=forms.NumberInput(attrs={"class": "input--short", "inputmode": "numeric"}),
                error_messages=dict.fromkeys(
                    ("required", "invalid", "min_value", "max_value"),
                    f"Enter a whole number between {least} and {most}.",
                ),
            )
        if is_platform():
            # Staff always show one: there is nothing to choose.
            del self.fields["second_factor"], self.fields["second_factor_roles"]
        if not queries.enforceable() and not queries.rules().sso_required:
            del self.fields["sso_required"], self.fields["recovery_accounts"]

    def clean_networks(self) -> tuple[str, ...]:
        lines = [line.strip() for line in str(self.cleaned_data["networks"]).splitlines()]
        found, wrong = [], []
        for line in filter(None, lines):
            try:
                found.append(network(line))
            except ValueError:
                wrong.append(line)
        if wrong:
            said = ", ".join(f"“{line[:60]}”" for line in wrong[:5])
            raise ValidationError(
                f"{said} is no network. Write each as 203.0.113.0/24 or 2001:db8::/32, without host bits.",
                code="network",
            )
        return tuple(dict.fromkeys(found))

    def rules(self) -> Rules:
        """What was chosen. For a valid form."""
        said = self.cleaned_data
        return Rules(
            second_factor=SecondFactor(said.get("second_factor", SecondFactor.REQUIRED)),
            second_factor_roles=tuple(said.get("second_factor_roles", ())),
            idle=timedelta(minutes=said["idle"]),
            admin_idle=timedelta(minutes=said["admin_idle"]),
            absolute=timedelta(minutes=said["absolute"]),
            sessions_at_once=said["sessions_at_once"],
            networks=said["networks"],
            sso_required=said.get("sso_required", False),
            password_length=said["password_length"],
            recovery_accounts=tuple(said.get("recovery_accounts", ())),
        )


def begin(rules: Rules) -> dict[str, Any]:
    """What the form begins with: the rules that hold."""
    return {
        "second_factor": rules.second_factor,
        "second_factor_roles": rules.second_factor_roles,
        "idle": in_minutes(rules.idle),
        "admin_idle": in_minutes(rules.admin_idle),
        "absolute": in_minutes(rules.absolute),
        "sessions_at_once": rules.sessions_at_once,
        "networks": "\n".join(rules.networks),
        "password_length": rules.password_length,
        "sso_required": rules.sso_required,
        "recovery_accounts": rules.recovery_accounts,
    }
