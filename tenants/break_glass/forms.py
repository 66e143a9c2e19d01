from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.context import ReasonRefused, checked_reason
from tenants.break_glass import catalogue, queries
from tenants.break_glass.states import State
from tenants.members.accounts.forms import OneLine, Reason
from tenants.tenancy.models import Tenant

STATES = [("", "Any state"), *[(state.value, state.value.capitalize()) for state in State]]
SCOPES = [("read", "Only read"), ("write", "Read and write")]


class TenantChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as refused:
            # Also for what is no id at all.
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from refused

    def label_from_instance(self, tenant: Any) -> str:
        return f"{tenant.name} ({tenant.host})"


class Ask(forms.Form):
    tenant = TenantChoice(
        queryset=Tenant.objects.none(),
        label="Workspace",
        empty_label="Choose a workspace",
        error_messages={
            "required": "Choose the workspace that you have to enter.",
            "invalid_choice": "This workspace cannot be entered. Choose one from the list.",
        },
    )
    reason = Reason(
        label="What you have to do there",
        help_text="The customer reads this at once, and whoever decides. Name no person.",
    )
    ticket = OneLine(
        label="Ticket",
        max_length=80,
        help_text="The number under which the customer's matter is kept, for example SUP-2041.",
        error_messages={"required": "Enter the number of the ticket."},
        widget=forms.TextInput(attrs={"class": "input--short", "autocomplete": "off"}),
    )
    minutes = forms.IntegerField(
        label="Minutes",
        min_value=catalogue.SHORTEST,
        max_value=catalogue.LONGEST,
        initial=catalogue.USUAL,
        help_text=f"From {catalogue.SHORTEST} to {catalogue.LONGEST}, counted from the approval.",
        error_messages={
            "required": "Enter for how many minutes.",
            "invalid": "Enter a whole number of minutes.",
            "min_value": f"An entry lasts at least {catalogue.SHORTEST} minutes.",
            "max_value": f"An entry lasts at most {catalogue.LONGEST} minutes. Ask again when you need more.",
        },
        widget=forms.NumberInput(attrs={"class": "input--short", "inputmode": "numeric"}),
    )
    access = forms.ChoiceField(
        label="What you need",
        choices=SCOPES,
        initial="read",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether you only read, or write as well."},
    )
    write_reason = forms.CharField(
        label="Why reading is not enough",
        required=False,
        max_length=500,
        help_text="Only for reading and writing. The customer reads this, too.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = self.fields["tenant"]
        if isinstance(chosen, TenantChoice):
            chosen.queryset = queries.enterable()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        values["may_write"] = values.pop("access", "") == "write"
        if values["may_write"]:
            try:
                checked_reason(values.get("write_reason", ""))
            except ReasonRefused as refused:
                self.add_error("write_reason", str(refused))
        return values


class WithReason(forms.Form):
    reason = Reason()


class Filter(forms.Form):
    state = forms.ChoiceField(label="State", required=False, choices=STATES)
