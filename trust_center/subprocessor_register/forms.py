from datetime import date
from typing import Any

from django import forms

from audit.context import ReasonRefused, checked_reason
from trust_center.subprocessor_register.models import Listing


def text(label: str, longest: int, *, rows: int = 0, hint: str = "", required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        help_text=hint,
        required=required,
        widget=forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput(),
        error_messages={"required": f"Enter {label[0].lower()}{label[1:]}."},
    )


class Reasoned(forms.Form):
    """Every change of the register says why (EU GMP Annex 11 §9)."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Why is this done? It is kept with the record for good.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Give a reason."},
    )

    def clean_reason(self) -> str:
        try:
            return checked_reason(self.cleaned_data["reason"])
        except ReasonRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class Publish(Reasoned):
    # The digest of what the publisher has before them.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class Entry(Reasoned):
    """One sub-processor's entry (SUB-07). The first block is public, the vendor is for customers and the DPA."""

    category = text("Category", 120, hint="Public name of the entry, for example “Email delivery provider”.")
    purpose = text("Purpose", 1000, rows=2)
    personal_data = text("Categories of personal data", 1000, rows=2)
    region = text("Region", 120, hint="“Customer-selected region” or “Provider-managed”.")
    location = text("Location", 200, hint="Countries in which the data is processed.")
    transfer_tool = text("Transfer tool", 200, hint="Adequacy decision or SCCs with the module, or “None needed”.")
    vendor = text("Vendor", 200, hint="Not public: shown in the DPA and to signed-in customers.")
    vendor_address = text("Vendor's address", 1000, rows=2)
    vendor_contact = text("Vendor's privacy contact", 200)
    chain = text("Further sub-processors", 2000, rows=2, required=False, hint="Those that see personal data.")
    effective_on = forms.DateField(
        label="In force from",
        widget=forms.DateInput(attrs={"type": "date", "class": "input--short"}, format="%Y-%m-%d"),
        error_messages={"required": "Enter a date.", "invalid": "Enter a real date, for example 2027-01-31."},
    )
    position = forms.IntegerField(
        label="Position",
        min_value=1,
        max_value=100_000,
        initial=100,
        help_text="Lower numbers come first.",
        widget=forms.NumberInput(attrs={"class": "input--short"}),
        error_messages={"required": "Enter a number.", "invalid": "Enter a whole number."},
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    field_order = [
        "category",
        "purpose",
        "personal_data",
        "region",
        "location",
        "transfer_tool",
        "vendor",
        "vendor_address",
        "vendor_contact",
        "chain",
        "effective_on",
        "position",
        "reason",
    ]

    def __init__(self, *args: Any, earliest: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "effective_on"
        ].help_text = (
            f"A new, replaced or materially changed sub-processor needs notice: {earliest:%-d %B %Y} at the earliest."
        )

    def clean_effective_on(self) -> date:
        day: date = self.cleaned_data["effective_on"]
        if not date(2000, 1, 1) <= day <= date(2100, 1, 1):
            raise forms.ValidationError("Enter a date between 2000 and 2100.")
        return day

    @property
    def wording(self) -> dict[str, Any]:
        # Browsers send line ends as CRLF: unchanged text must compare as unchanged.
        plain = {name: v.replace("\r\n", "\n") if isinstance(v, str) else v for name, v in self.cleaned_data.items()}
        return {name: value for name, value in plain.items() if name not in ("reason", "seen")}


def initial(listing: Listing, seen: str) -> dict[str, Any]:
    """What the form for editing begins with."""
    names = [name for name in Entry.field_order if name != "reason"]
    return {**{name: getattr(listing, name) for name in names}, "seen": seen}
