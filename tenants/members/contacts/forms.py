from django import forms

from tenants.members.accounts.forms import EMAIL, OneLine, Reason


class Keep(forms.Form):
    full_name = OneLine(label="Name", max_length=120, error_messages={"required": "Enter the person's name."})
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="An address that is read every day. We mail it a link to confirm.",
        error_messages=EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = OneLine(
        label="Telephone",
        max_length=40,
        required=False,
        help_text="With the country code, for the hours in which mail is not read.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    reason = Reason()
