from django import forms

from tenants.members.accounts.forms import Reason


class Add(forms.Form):
    domain = forms.CharField(
        label="Domain",
        max_length=253,
        help_text="What stands behind the @, for example acme.example.",
        error_messages={"required": "Enter the domain."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )


class WithReason(forms.Form):
    reason = Reason()
