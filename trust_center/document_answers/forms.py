from typing import Any
from uuid import UUID

from django import forms

from trust_center.document_requests.forms import DOCUMENTS, LONG
from trust_center.document_requests.states import WORDS, State
from trust_center.documents.forms import Reason
from trust_center.documents.models import DocumentVersion
from trust_center.documents.states import Kind


class Filter(forms.Form):
    text = forms.CharField(label="Reference, address, name or company", required=False, max_length=160)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("open", "All open"),
            ("overdue", "Overdue"),
            ("closed", "All closed"),
            *[
                (state.value, WORDS[state])
                for state in State
                if state not in (State.AWAITING_CONFIRMATION, State.MERGED)
            ],
            ("all", "All"),
        ],
    )
    kind = forms.ChoiceField(label="Document", required=False, choices=[("", "Any document"), *DOCUMENTS])


class Late(forms.Form):
    """Shown when the promise was missed already."""

    late_because = forms.CharField(
        label="Why is the answer late?",
        required=False,
        max_length=300,
        help_text="Stands in the list of misses.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, is_late: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if is_late:
            self.fields["late_because"].required = True
            self.fields["late_because"].error_messages["required"] = "Say why the answer is late."
        else:
            del self.fields["late_because"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return {"late_because": "", **data}


class Give(Late):
    versions = forms.TypedMultipleChoiceField(
        label="What do you give?",
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one document.",
            "invalid_choice": "This version is not published any more. Choose again.",
        },
    )
    nda_checked = forms.BooleanField(
        label="I have checked that a non-disclosure agreement with this company is in force", required=False
    )
    message = forms.CharField(
        label="Message to the requester",
        required=False,
        max_length=LONG,
        help_text="Goes into the mail with the links.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reason = Reason(help_text="Goes into the history, for example “Customer of the EU region, evaluated by us”.")

    field_order = ("versions", "nda_checked", "message", "late_because", "reason")

    def __init__(self, *args: Any, published: dict[Kind, DocumentVersion], asked: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["versions"]
        field.choices = [(str(version.pk), _named(version)) for version in published.values()]  # type: ignore[attr-defined]
        self.initial["versions"] = [str(version.pk) for kind, version in published.items() if str(kind) in asked]
        if not any(version.needs_nda for version in published.values()):
            del self.fields["nda_checked"]

    def clean(self) -> dict[str, Any]:
        return {"nda_checked": False, **super().clean()}


class Refuse(Late):
    message = forms.CharField(
        label="Reason, as the requester reads it",
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say to the requester why you give nothing."},
    )
    reason = Reason(help_text="Goes into the history; the requester does not see it.")

    field_order = ("message", "late_because", "reason")


class Enquire(forms.Form):
    question = forms.CharField(
        label="What do you need to know?",
        max_length=LONG,
        help_text="Goes to the requester by mail, with a link to answer.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write what you need to know."},
    )
    reason = Reason(help_text="Goes into the history, for example “No company is recognisable from the address”.")


class Revoke(forms.Form):
    reason = Reason()


def _named(version: DocumentVersion) -> str:
    nda = ", under a non-disclosure agreement" if version.needs_nda else ""
    return f"{version.document.title}, version {version.number}{nda}"
