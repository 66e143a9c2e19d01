from django import forms

from tenants.members.accounts.forms import Reason


class EndNow(forms.Form):
    reason = Reason(help_text="Stands in your trail, and goes to Complere.")
