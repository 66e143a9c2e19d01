import secrets
import unicodedata
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature

from tenants import signing
from trust_center.document_requests.catalogue import COUNTRIES, Filing
from trust_center.document_requests.states import FASTEST_PERSON, FORM_LIVES, PURPOSE_WORDS
from trust_center.documents.catalogue import ALIASES, CATALOGUE

STAMP = "trust.document-request-form"
LONG = 2000
DOCUMENTS = [(kind.value, entry.title) for kind, entry in CATALOGUE.items()]
PURPOSES = [("", "Choose a purpose"), *[(key.value, words) for key, words in PURPOSE_WORDS.items()]]
BY_NAME = sorted(COUNTRIES.items(), key=lambda pair: unicodedata.normalize("NFKD", pair[1]).casefold())
CUSTOMER = [("yes", "Yes, we use Complere already"), ("no", "No, not yet")]


def stamp(now: datetime) -> str:
    """Which form was rendered, and when; signed, so that neither can be made up."""
    return signing.sign({"id": secrets.token_hex(16), "at": now.timestamp()}, purpose=STAMP)


def preselected(given: list[str]) -> list[str]:
    """The documents that a link asks for, `?document=dpa`; unknown words are passed over."""
    known = {kind.value for kind in CATALOGUE} | set(ALIASES)
    return [str(ALIASES.get(word, word)) for word in given if word in known]


class OneLine(forms.CharField):
    """A name: no line breaks, no control characters."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise ValidationError("Use one line without control characters.", code="control")
        return text


class Ask(forms.Form):
    """What everybody fills in; a member of a tenant is known already, so only this is asked."""

    documents = forms.MultipleChoiceField(
        label="Which documents do you need?",
        choices=DOCUMENTS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one document.",
            "invalid_choice": "There is no such document. Choose from the list.",
        },
    )
    purpose = forms.ChoiceField(
        label="What do you need them for?",
        choices=PURPOSES,
        error_messages={"required": "Choose a purpose.", "invalid_choice": "Choose a purpose from the list."},
    )
    message = forms.CharField(
        label="Anything that helps us to answer",
        required=False,
        max_length=LONG,
        help_text="For example a deadline, or a clause that you ask about.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now, self.nonce = now, ""
        self.initial.setdefault("stamp", stamp(now))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            lives = int(FORM_LIVES.total_seconds())
            seen = signing.unsign(data.get("stamp") or "", purpose=STAMP, max_age_seconds=lives)
        except BadSignature:
            # The same words in a fresh form: only the button has to be pressed again.
            self._restamp()
            raise ValidationError("This page was open for too long. Send it again.", code="stale") from None
        if self.now.timestamp() - seen["at"] < FASTEST_PERSON.total_seconds():
            raise ValidationError("That was quicker than a person. Wait a moment and send it again.", code="quick")
        self.nonce = seen["id"]
        return data

    def _restamp(self) -> None:
        given: Any = self.data
        data = given.copy()
        data["stamp"] = stamp(self.now - FASTEST_PERSON)
        self.data = data


class PublicAsk(Ask):
    """The form on the Trust Center. No account, no captcha."""

    name = OneLine(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    email = forms.EmailField(
        label="Your work e-mail address",
        max_length=254,
        help_text="We send a link to it; your request reaches us once you open it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your work e-mail address.",
            "invalid": "Enter an e-mail address in the form name@example.com.",
        },
    )
    company = OneLine(
        label="Company",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Enter the name of your company."},
    )
    country = forms.ChoiceField(
        label="Country",
        choices=[("", "Choose a country"), *BY_NAME],
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={
            "required": "Choose the country of your company.",
            "invalid_choice": "Choose a country from the list.",
        },
    )
    customer = forms.ChoiceField(
        label="Are you a customer?",
        choices=CUSTOMER,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you are a customer.", "invalid_choice": "Choose yes or no."},
    )
    # People do not see this field; programs fill it.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    field_order = ("documents", "name", "email", "company", "country", "customer", "purpose", "message")

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.data.get("website"))

    def filing(self) -> Filing:
        data = self.cleaned_data
        return Filing(
            name=data["name"],
            email=data["email"],
            company=data["company"],
            country=data["country"],
            purpose=data["purpose"],
            message=data["message"],
            is_customer=data["customer"] == "yes",
            kinds=tuple(data["documents"]),
        )


class Answer(forms.Form):
    answer = forms.CharField(
        label="Your answer",
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Write your answer."},
    )
