from typing import Any

from django import forms

from tenants.members.entrance.queries import Ways
from tenants.members.factors.forms import Unshown
from tenants.members.passwords import MaximumLength

APP, RECOVERY = "The six digits that your authenticator app shows now.", "One of your recovery codes, each good once."
EITHER = "The six digits that your authenticator app shows now, or one of your recovery codes."


class _WithCode(forms.Form):
    """A one-time code or a recovery code, in one field: which it is shows by itself."""

    code = forms.CharField(
        label="One-time code",
        max_length=40,
        error_messages={"required": "Enter the code."},
        widget=Unshown(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "class": "input--code"}),
    )

    def __init__(self, *args: Any, ways: Ways, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["code"]
        if not ways.any_code:
            del self.fields["code"]
        elif not ways.code:
            field.label, field.help_text = "Recovery code", RECOVERY
        else:
            field.help_text = EITHER if ways.recovery else APP


class SecondStep(_WithCode):
    pass


class Prove(_WithCode):
    """What somebody who is signed in shows anew."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        max_length=MaximumLength.LIMIT,
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    field_order = ["password", "code", "next"]


class WithPasskey(forms.Form):
    """The browser's answer, written by passkeys.js."""

    prefix = "key"
    passkey = forms.CharField(
        max_length=20_000,
        widget=forms.HiddenInput(attrs={"data-passkey-answer": ""}),
        error_messages={"required": "The browser used no passkey. Try again, or go another way."},
    )
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
