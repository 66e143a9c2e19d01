from django import forms

from tenants.members.accounts.forms import Reason


class Keys(forms.Form):
    reason = Reason()
