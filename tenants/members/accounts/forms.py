import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit.context import ReasonRefused, checked_reason
from tenants.members.accounts.models import User
from tenants.members.passwords import MaximumLength, shortest

EMAIL = {"required": "Enter the e-mail address.", "invalid": "Enter an e-mail address in the form name@example.com."}


class Reason(forms.CharField):
    """Why a record is changed; refused when it says nothing (AT-16)."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Reason")
        options.setdefault("help_text", "Goes into the history of the record.")
        options.setdefault("error_messages", {"required": "Say why, in a few words."})
        options.setdefault("widget", forms.Textarea(attrs={"rows": 2}))
        super().__init__(max_length=500, **options)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            return checked_reason(text)
        except ReasonRefused as refused:
            raise ValidationError(str(refused), code="reason") from refused


class OneLine(forms.CharField):
    """A name or title: no line breaks, no control characters."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise ValidationError("Use one line without control characters.", code="control")
        return text


class SignIn(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        error_messages=EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label="Password",
        max_length=MaximumLength.LIMIT,
        strip=False,
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)


class AskForReset(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        help_text="The address you sign in with.",
        max_length=254,
        error_messages=EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )


class ChoosePassword(forms.Form):
    """A new password, typed twice, checked against the rules and the person."""

    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=MaximumLength.LIMIT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The same password again",
        strip=False,
        max_length=MaximumLength.LIMIT,
        error_messages={"required": "Enter the password a second time."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        field, least = self.fields["password"], shortest()
        field.help_text = f"At least {least} characters. Three or four unrelated words are good, and spaces are fine."
        field.error_messages["required"] = f"Enter a password of at least {least} characters."

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise ValidationError("The two passwords differ. Enter the same one twice.", code="differs")
        return again


class ChangePassword(ChoosePassword):
    current = forms.CharField(
        label="Your password now",
        strip=False,
        max_length=MaximumLength.LIMIT,
        error_messages={"required": "Enter your present password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "password", "again"]


class Profile(forms.Form):
    full_name = OneLine(
        label="Name",
        max_length=120,
        help_text="As it stands in the history of what you do from now on.",
        error_messages={"required": "Enter your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    job_title = OneLine(
        label="Job title",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
