from typing import Any

from django import forms

from tenants.members.accounts.forms import OneLine, Reason
from tenants.members.passwords import MaximumLength

CODE_HELP = "The six digits that your authenticator app shows now. A recovery code serves too, if the app is lost."


class Unshown(forms.TextInput):
    """Never written back into the page: a code is typed anew."""

    def format_value(self, value: Any) -> str:
        return ""


def code_field(label: str = "One-time code", help_text: str = CODE_HELP) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        help_text=help_text,
        error_messages={"required": "Enter the code."},
        widget=Unshown(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "class": "input--code"}),
    )


def password_field() -> forms.CharField:
    return forms.CharField(
        label="Your password",
        strip=False,
        max_length=MaximumLength.LIMIT,
        help_text="An open session is not enough for this.",
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class Add(forms.Form):
    """What is set up, and who does it: a code is asked of who has an app, the password of who has one."""

    name = OneLine(
        label="Name",
        max_length=60,
        help_text="So that you know it again, for example “Work phone”.",
        error_messages={"required": "Give it a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = password_field()
    code = code_field()

    def __init__(self, *args: Any, asks_code: bool, asks_password: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not asks_code:
            del self.fields["code"]
        if not asks_password:
            del self.fields["password"]


class Confirm(forms.Form):
    code = code_field(help_text="The six digits that the app shows for this account now.")


class Register(forms.Form):
    """The browser's answer, written by passkeys.js."""

    passkey = forms.CharField(
        max_length=20_000,
        widget=forms.HiddenInput(attrs={"data-passkey-answer": ""}),
        error_messages={"required": "The browser made no passkey. Try again, or set up an authenticator app instead."},
    )


class Remove(forms.Form):
    code = code_field()
    reason = Reason(help_text="Goes into the history, for example “Phone was replaced”.")

    def __init__(self, *args: Any, asks_code: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not asks_code:
            del self.fields["code"]


class Renew(forms.Form):
    password = password_field()
    code = code_field()

    def __init__(self, *args: Any, asks_code: bool, asks_password: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not asks_code:
            del self.fields["code"]
        if not asks_password:
            del self.fields["password"]
