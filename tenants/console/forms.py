import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenants.members.accounts.forms import EMAIL, OneLine, Reason
from tenants.regions import catalogue
from tenants.tenancy import queries
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import Plan, State

HOST = re.compile(r"\A(?=.{4,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+\Z")
STATES = [("", "Any state"), *[(state.value, state.value.capitalize()) for state in State]]
REGIONS = [("", "Any region"), *[(place.code, place.name) for place in catalogue.REGIONS.values()]]
PLANS = [("", "Any plan"), *[(plan.value, plan.value.capitalize()) for plan in Plan]]


class RegionSelect(forms.Select):
    """Every region of the catalogue; those that another deployment serves cannot be chosen."""

    own = ""

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **options)
        if str(value) != self.own:
            option["attrs"]["disabled"] = True
        return option


class Provision(forms.Form):
    name = OneLine(
        label="Name of the customer", max_length=120, error_messages={"required": "Enter the name of the customer."}
    )
    host = forms.CharField(
        label="Host",
        max_length=253,
        help_text="The address of the workspace, for example acme.trust.example. It must lead here already.",
        error_messages={"required": "Enter the host name of the workspace."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    region = forms.ChoiceField(
        label="Region",
        help_text="Where the data stays, for good. Other regions are provisioned in their own deployment.",
        choices=[(place.code, place.name) for place in catalogue.REGIONS.values()],
        widget=RegionSelect,
        error_messages={"invalid_choice": "There is no such region. Choose one from the list."},
    )
    plan = forms.ChoiceField(label="Plan", choices=PLANS[1:], initial=Plan.STANDARD.value)
    admin_name = OneLine(
        label="Name of the first administrator",
        max_length=120,
        error_messages={"required": "Enter the name of the first administrator."},
    )
    admin_email = forms.EmailField(
        label="E-mail address of the first administrator",
        max_length=254,
        help_text="The invitation goes there at once.",
        error_messages=EMAIL,
    )
    reason = Reason(help_text="Goes into the history of the tenant, for example “Contract 2026-114 signed”.")

    def __init__(self, *args: Any, own_region: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        select = self.fields["region"].widget
        if isinstance(select, RegionSelect):
            select.own = own_region or queries.platform().region
            self.initial.setdefault("region", select.own)

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).lower()
        if not HOST.match(host):
            raise ValidationError("Give a full host name, for example acme.trust.example.", code="host")
        return host


class Filter(forms.Form):
    text = forms.CharField(label="Name or host", required=False, max_length=120)
    state = forms.ChoiceField(label="State", required=False, choices=STATES)
    region = forms.ChoiceField(label="Region", required=False, choices=REGIONS)
    plan = forms.ChoiceField(label="Plan", required=False, choices=PLANS)


class WithReason(forms.Form):
    reason = Reason()


class ChangePlan(forms.Form):
    plan = forms.ChoiceField(
        label="Plan", choices=PLANS[1:], widget=forms.RadioSelect, error_messages={"required": "Choose a plan."}
    )
    reason = Reason(help_text="Goes into the history of the tenant, for example “Contract 2026-114 amended”.")


class Close(forms.Form):
    """Closing has no way back, so the host is typed by hand."""

    host = forms.CharField(
        label="Host of the tenant",
        help_text="Type it, to be sure that this is the one.",
        max_length=253,
        error_messages={"required": "Type the host of the tenant that you close."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    reason = Reason()

    def __init__(self, *args: Any, tenant: Tenant, **options: Any) -> None:
        super().__init__(*args, **options)
        self.tenant = tenant

    def clean_host(self) -> str:
        typed = str(self.cleaned_data["host"]).lower()
        if typed != self.tenant.host:
            raise ValidationError("This is not the host of the tenant shown above.", code="other")
        return typed
