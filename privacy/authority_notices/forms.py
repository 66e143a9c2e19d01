"""What the controller records towards its supervisory authority. Shape only: nothing is saved here."""

from typing import Any

from django import forms

from privacy.deadlines.forms import LocalMoment
from privacy.incidents.forms import OneLine, Reason, Text, ZonedForm
from privacy.incidents.states import NOTIFICATIONS, Notification
from tenants.members.signature_form import SigningFields


class Decide(SigningFields):
    signed_when = "Needed only where the authority is not notified: somebody answers for that decision."
    decision = forms.ChoiceField(
        label="Is the supervisory authority notified?",
        choices=[(key.value, NOTIFICATIONS[key]) for key in (Notification.NOTIFY, Notification.NOT_NOTIFIABLE)],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether the authority is notified."},
    )
    reason = Reason(
        label="Why?",
        help_text="If it is not notified: why a risk to the people concerned is unlikely. The register keeps this.",
    )

    def takes_signature(self) -> bool:
        """Only the decision not to tell the authority: somebody answers for that."""
        return self.cleaned_data.get("decision") == Notification.NOT_NOTIFIABLE


class Record(ZonedForm):
    authority = OneLine(
        label="Supervisory authority", error_messages={"required": "Name the supervisory authority that was told."}
    )
    authority_reference = OneLine(label="Its reference", required=False)
    authority_told_at = LocalMoment(label="When was it told?")
    authority_delay_reasons = Text(
        label="Reasons for the delay", required=False, help_text="Needed when the hours had passed: Art. 33(1)."
    )
    reason = Reason(help_text="For example “Receipt of the authority's online form is on file”.")

    def told(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}
