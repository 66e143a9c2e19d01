"""What people type into a notice, and about one. Shape only: nothing is saved here."""

from typing import Any

from django import forms

from privacy.breach_notices import states
from privacy.incidents import catalogue
from privacy.incidents.catalogue import NATURES
from privacy.incidents.forms import SHORT, Findings, Reason, ScaleForm, Text
from tenants.members.signature_form import SigningFields

UPDATES = [
    ("", "No further update is planned"),
    *[
        (hours, f"Within {hours} hours" if hours <= 48 else f"Within {hours // 24} days")
        for hours in states.UPDATE_HOURS
    ],
]


class NoticeText(Findings):
    """The eight parts of a notice to one tenant, what is new in it, and when the next one comes."""

    natures = forms.MultipleChoiceField(
        label="What was breached",
        choices=list(NATURES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what was breached: confidentiality, integrity, availability, or several."},
    )
    nature_text = Text(
        label="What happened to this tenant's data",
        required=False,
        rows=4,
        help_text="The tenant reads these words. Name no other tenant, none of its figures, and no person.",
    )
    what_is_new = Text(label="What is new since the version before", required=False, rows=3)
    next_update_hours = forms.TypedChoiceField(
        label="When do you tell more?",
        choices=UPDATES,
        coerce=int,
        empty_value=None,
        required=False,
        help_text="A promised update is a clock of its own.",
    )
    reason = Reason(label="Why do you change this?")

    def __init__(self, *args: Any, version: int, editing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if version == 1:
            del self.fields["what_is_new"]
        if not editing:
            del self.fields["reason"]
        first = ["what_is_new", "natures", "nature_text", *ScaleForm.base_fields, *Findings.base_fields]
        self.order_fields([*first, "next_update_hours", "reason"])

    def told(self) -> dict[str, Any]:
        """What `actions.draft` and `actions.edit` take."""
        data = self.cleaned_data
        return {
            "content": catalogue.content(data),
            "what_is_new": data.get("what_is_new") or "",
            "next_update_hours": data.get("next_update_hours"),
        }

    def refuse_all(self, problems: list[tuple[str, str]]) -> None:
        for field, message in problems:
            self.refuse(field, message)


class Approve(SigningFields):
    # The digest of what the approver has before them.
    words = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    checked = forms.BooleanField(
        label="I have read every part, and it tells nothing of any other customer",
        error_messages={"required": "Read the notice and confirm that it tells nothing of any other customer."},
    )


class Send(forms.Form):
    delay_reasons = Text(label="Reasons for the delay", required=False)

    def __init__(self, *args: Any, late: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if late:
            self.fields["delay_reasons"].help_text = "The promised time has passed. The tenant is told why."
        else:
            del self.fields["delay_reasons"]


class Acknowledge(forms.Form):
    comment = Text(
        label="Comment to Complere",
        required=False,
        help_text="Complere's security team reads it. Name no data subject.",
    )


class Filter(forms.Form):
    q = forms.CharField(label="Reference", required=False, max_length=SHORT)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("", "Every state"),
            *[(state.value, states.LABELS[state]) for state in (states.State.DELIVERED, states.State.ACKNOWLEDGED)],
        ],
    )
