"""What a person types at the public door. No account, no captcha."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.signing import BadSignature

from privacy.subject_requests import catalogue
from privacy.subject_requests.actions import Filing
from privacy.subject_requests.catalogue import Channel, Relation, Right
from privacy.subject_requests.forms import LONG, SHORT
from tenants import signing

PURPOSE = "data-request-form"
OPEN_FOR = timedelta(hours=24)
# A person needs longer than this to read the form.
QUICKEST = timedelta(seconds=3)


def new_token(now: datetime) -> str:
    """Signed: which form was rendered, and when."""
    return signing.sign({"id": str(uuid.uuid4()), "at": now.timestamp()}, purpose=PURPOSE)


class IntakeForm(forms.Form):
    right = forms.ChoiceField(
        label="What do you ask for?",
        choices=[(t.right, f"{t.name}: {t.plain}") for t in catalogue.TYPES.values()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you ask for."},
    )
    subject_name = forms.CharField(
        label="Your name",
        max_length=SHORT,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    subject_email = forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        help_text="We send a link to it, so that nobody can ask in your name.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter your e-mail address in the form name@example.com.",
        },
    )
    relation = forms.ChoiceField(
        label="What are you to us?",
        choices=[("", "Choose one"), *catalogue.RELATIONS.items()],
        error_messages={"required": "Choose what you are to us."},
    )
    identifiers = forms.CharField(
        label="What helps us to find your data",
        required=False,
        max_length=LONG,
        help_text="For example a customer number or an earlier name. Do not send a copy of an identity card.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    details = forms.CharField(
        label="Anything else you want to say",
        required=False,
        max_length=LONG,
        help_text="You need not give reasons.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    # People do not see this field; programs fill it.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))
    token = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: datetime) -> None:
        super().__init__(*args)
        self.initial = {"token": new_token(now)}
        self.now = now

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            seen = signing.unsign(data.get("token", ""), purpose=PURPOSE, max_age_seconds=int(OPEN_FOR.total_seconds()))
        except BadSignature:
            # The same words in a fresh form: only the button has to be pressed again.
            self.data = {**self.data.dict(), "token": new_token(self.now - QUICKEST)}  # type: ignore[attr-defined]
            self.add_error(None, "This form was open for too long. Everything you wrote is still here: send it again.")
            return data
        if self.now.timestamp() - seen["at"] < QUICKEST.total_seconds():
            self.add_error(None, "That was very quick. Look through what you wrote and send it again.")
        data["form_token"] = uuid.UUID(seen["id"])
        return data

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.data.get("website"))

    def filing(self) -> Filing:
        data = self.cleaned_data
        return Filing(
            right=Right(data["right"]),
            subject_name=data["subject_name"],
            subject_email=data["subject_email"],
            identifiers=data["identifiers"],
            details=data["details"],
            relation=Relation(data["relation"]),
            channel=Channel.WEB_FORM,
            received_at=self.now,
        )
