from django import forms


class Filter(forms.Form):
    to = forms.CharField(label="Recipient", required=False, max_length=320)
