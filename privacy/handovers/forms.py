"""To whom a request is handed."""

from collections.abc import Iterable
from typing import Any

from django import forms


class HandOverForm(forms.Form):
    tenant = forms.ChoiceField(
        label="Which tenant is the controller?",
        error_messages={"required": "Choose the tenant whose data it is about."},
    )
    checked = forms.BooleanField(
        label="I checked that this person belongs to this tenant",
        error_messages={"required": "It was filed as a request about our own data. Confirm that you checked."},
    )
    reason = forms.CharField(
        label="Reason for the record",
        help_text="What shows that this tenant is the controller.",
        max_length=500,
        error_messages={"required": "Give a reason."},
    )

    def __init__(self, *args: Any, tenants: Iterable[Any], filed_as_own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whoever filed it for a tenant has said so already; here somebody's data could reach a stranger.
        if not filed_as_own:
            del self.fields["checked"]
        self.tenants = {str(tenant.pk): tenant for tenant in tenants}
        names = [(key, tenant.name) for key, tenant in self.tenants.items()]
        self.fields["tenant"].choices = [("", "Choose one"), *names]  # type: ignore[attr-defined]
