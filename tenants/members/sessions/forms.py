from django import forms

from tenants.members.accounts.forms import Reason


class WithReason(forms.Form):
    reason = Reason()
