"""What people type about an incident. Shape only: nothing is saved here."""

import unicodedata
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from audit.context import ReasonRefused, checked_reason
from privacy.deadlines.forms import LocalMoment
from privacy.incidents import catalogue, states

SHORT, LONG, MOST = 160, 10_000, 10_000_000_000
NAMES_NOBODY = "Name no person: the register is kept, and the people it would name could not be erased from it."


class OneLine(forms.CharField):
    """A name or title: no line breaks, no control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": SHORT, **options})

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise forms.ValidationError("Use one line without control characters.")
        return text


class Text(forms.CharField):
    """Several lines."""

    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        super().__init__(max_length=LONG, widget=forms.Textarea(attrs={"rows": rows}), **options)

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).replace("\r\n", "\n")


class Reason(Text):
    """Why the record is changed; refused when it says nothing (AT-16)."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Reason")
        options.setdefault("help_text", "Goes into the history of the record.")
        super().__init__(rows=2, error_messages={"required": "Say why, in a few words."}, **options)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return checked_reason(text)
        except ReasonRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class Number(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        widget = forms.NumberInput(attrs={"inputmode": "numeric"})
        messages = {"invalid": "Enter a whole number, for example 1200."}
        super().__init__(min_value=0, max_value=MOST, required=False, widget=widget, error_messages=messages, **options)


class ZonedForm(forms.Form):
    """A form whose moments are told on the clocks of one zone; `initial` may hold aware moments."""

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        kwargs["initial"] = {name: _local(value, zone) for name, value in (kwargs.get("initial") or {}).items()}
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, LocalMoment):
                field.zone = zone
                field.help_text = f"{field.help_text} Time zone: {zone.key}.".strip()

    def changes(self) -> dict[str, Any]:
        """What was really changed: an untouched field keeps its value, also the seconds that a form does not show."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}

    def refuse(self, field: str, message: str) -> None:
        """A message of an action, beside its field where the form has it."""
        self.add_error(field if field in self.fields else None, message)


class LogIncident(ZonedForm):
    form_token = forms.UUIDField(widget=forms.HiddenInput)
    title = OneLine(label="What is it about?", help_text=NAMES_NOBODY, error_messages={"required": "Give it a title."})
    description = Text(
        label="What happened, as far as is known?",
        help_text=NAMES_NOBODY,
        error_messages={"required": "Describe what happened."},
    )
    natures = forms.MultipleChoiceField(
        label="What may have been breached?",
        choices=list(catalogue.NATURES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    detected_at = LocalMoment(label="When was it detected?", help_text="The first sign, not the moment of certainty.")
    own_data = forms.BooleanField(
        label="Complere's own data are concerned",
        required=False,
        help_text="Staff, visitors and document requesters: Complere is their controller. Customers are added later.",
    )
    subprocessor = OneLine(label="Sub-processor involved", required=False)
    subprocessor_told_at = LocalMoment(label="When did the sub-processor tell you?", required=False)

    def __init__(self, *args: Any, platform: bool, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, zone=zone, initial={"form_token": uuid.uuid4()}, **kwargs)
        if not platform:
            del self.fields["own_data"]

    def facts(self) -> dict[str, Any]:
        """Fields of the record. A tenant is always the controller of what it logs itself."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "form_token"}
        return {"own_data": True, **data}


class ScaleForm(ZonedForm):
    """How many people and records, of which categories."""

    subject_categories = Text(
        label="Categories of data subjects", required=False, rows=2, help_text="For example patients, employees."
    )
    subjects_number = Number(label="Approximate number of data subjects")
    subjects_unknown_because = OneLine(label="If the number is unknown: why?", required=False)
    record_categories = Text(
        label="Categories of records", required=False, rows=2, help_text="For example contact data, lab results."
    )
    records_number = Number(label="Approximate number of records")
    records_unknown_because = OneLine(label="If the number of records is unknown: why?", required=False)
    unknown_yet = forms.MultipleChoiceField(
        label="What is not known yet?",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="“Unknown yet” is an answer that is told; an empty field is none.",
    )

    UNKNOWN: tuple[str, ...] = ("subject_categories", "record_categories")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(key, catalogue.MAY_BE_UNKNOWN[key]) for key in self.UNKNOWN]
        self.fields["unknown_yet"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        unknown = data.get("unknown_yet") or ()
        for key in self.UNKNOWN:
            for field, message in catalogue.either(key, data.get(key) or "", unknown_yet=key in unknown).items():
                self.add_error(field, message)
        for prefix in ("subjects", "records"):
            if data.get(f"{prefix}_number") is not None and data.get(f"{prefix}_unknown_because"):
                self.add_error(f"{prefix}_unknown_because", "Give either the number or why it is unknown, not both.")
        return data


class Findings(ScaleForm):
    """The parts that a notice tells, beside who and how many."""

    likely_consequences = Text(label="Likely consequences", required=False)
    measures_taken = Text(label="Measures taken", required=False)
    measures_proposed = Text(label="Measures proposed", required=False)
    recommended_actions = Text(label="Recommended actions for those concerned", required=False)
    contact_name = OneLine(
        label="Contact point", required=False, help_text="The data protection officer or another contact point."
    )
    contact_email = forms.EmailField(
        label="E-mail address of the contact point",
        required=False,
        max_length=254,
        error_messages={"invalid": "Enter the e-mail address in the form name@example.com."},
    )
    contact_phone = OneLine(label="Telephone of the contact point", required=False, max_length=40)

    UNKNOWN = tuple(catalogue.MAY_BE_UNKNOWN)


class Facts(Findings):
    """Everything that may be corrected about an incident; ordered as the page shows it."""

    title = OneLine(label="Title", help_text=NAMES_NOBODY)
    description = Text(label="What happened", help_text=NAMES_NOBODY)
    natures = forms.MultipleChoiceField(
        label="What was breached",
        choices=list(catalogue.NATURES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    detected_at = LocalMoment(label="Detected")
    investigation_started_at = LocalMoment(label="Investigation started", required=False)
    own_data = forms.BooleanField(label="Complere's own data are concerned", required=False)
    subprocessor = OneLine(label="Sub-processor involved", required=False)
    subprocessor_told_at = LocalMoment(label="Told by the sub-processor", required=False)
    reason = Reason(label="Why do you change this?")

    field_order = (
        "title",
        "description",
        "natures",
        "detected_at",
        "investigation_started_at",
        "own_data",
        "subprocessor",
        "subprocessor_told_at",
    )

    def __init__(self, *args: Any, platform: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not platform:
            del self.fields["own_data"]
        self.order_fields([*self.field_order, *ScaleForm.base_fields, *Findings.base_fields, "reason"])


class TenantFacts(ScaleForm):
    """What is known of one tenant's own people and records."""

    particulars = Text(
        label="What happened to this tenant's data",
        required=False,
        help_text="Only this tenant is told these words. Name no other tenant and no person.",
    )
    reason = Reason(label="Why do you change this?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["particulars", *ScaleForm.base_fields, "reason"])


class Confirm(ZonedForm):
    aware_at = LocalMoment(
        label="When did you become aware?",
        help_text="With a reasonable degree of certainty that personal data were compromised.",
    )
    awareness_reason = Text(
        label="Why so long after detection?", required=False, rows=2, help_text="Only if more than a day lies between."
    )
    certainty = Text(
        label="What created the certainty?", rows=2, error_messages={"required": "Say what created the certainty."}
    )
    decided_by = OneLine(label="Who decided?", error_messages={"required": "Name who decided."})
    reason = Reason(label="Why is it a personal-data breach?")

    def awareness(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


class Earlier(ZonedForm):
    aware_at = LocalMoment(label="When were you aware?", help_text="Earlier than recorded, never later.")
    reason = Reason(label="Why was it earlier?")


class Because(forms.Form):
    """A step that needs nothing but its reason."""

    reason = Reason()


class ChooseTenants(forms.Form):
    """Which tenants are affected: a search, and ticks that outlast it."""

    q = OneLine(label="Search by name", required=False, max_length=120)
    tenants = forms.MultipleChoiceField(
        label="Affected tenants",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick at least one tenant.",
            "invalid_choice": "One of the tenants is not among the customers.",
        },
    )
    reason = Reason(label="Why are they affected?")

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenants"].choices = [*choices]  # type: ignore[attr-defined]

    def clean_tenants(self) -> list[uuid.UUID]:
        return [uuid.UUID(pk) for pk in self.cleaned_data["tenants"]]


class Filter(forms.Form):
    q = forms.CharField(label="Reference or title", required=False, max_length=SHORT)
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Every state"), *[(s.value, t) for s, t in states.LABELS.items()]]
    )


def _local(value: Any, zone: ZoneInfo) -> Any:
    # Without seconds, as the field shows it: what nobody touched has not changed.
    return (
        value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) if isinstance(value, datetime) else value
    )
