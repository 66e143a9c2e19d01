import re
from typing import Any

from django import forms

from audit.context import ReasonRefused, checked_reason
from tenants.members.signature_form import SigningFields
from trust_center.claims.catalogue import PARTS, Page, keys_of
from trust_center.claims.models import Statement
from trust_center.claims.states import SUPPORT_WORDS, Kind

CONTACT = re.compile(r"(mailto:[^\s@:]+@[^\s@]+\.[^\s@]+|https://[^\s]+|tel:\+[0-9-]+)")
LANGUAGES = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*(, [A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)*")
# RFC 9116 bounds that parsers may set (FMT-ST11).
LONGEST_FIELD = 2048


class Reasoned(forms.Form):
    """Every change of a public text says why (EU GMP Annex 11 §9)."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Why is this done? It is kept with the record for good.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Give a reason."},
    )
    # What the person had before them; tells whether somebody else was faster.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_reason(self) -> str:
        try:
            return checked_reason(self.cleaned_data["reason"])
        except ReasonRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class Publish(SigningFields, Reasoned):
    """Drafts become public by a signature; what the publisher saw are the versions that the signature names."""


class Edit(Reasoned):
    """The wording of one statement. Only the fields that its kind has are asked for."""

    heading = forms.CharField(label="Heading", max_length=200, error_messages={"required": "Enter a heading."})
    kicker = forms.CharField(label="Kicker", max_length=80, required=False)
    text = forms.CharField(
        label="Text",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Enter the text."},
    )
    more = forms.CharField(
        label="Second paragraph", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    kept_by = forms.CharField(
        label="How this is kept",
        max_length=4000,
        help_text="What the software does today, and what is not shown yet.",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Say how the claim is kept. A claim without a rule may not be published."},
    )
    rules = forms.CharField(
        label="Rules",
        max_length=1000,
        required=False,
        help_text="One a line, for example GDPR Art. 33(2).",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    support = forms.ChoiceField(label="What the software does today", choices=[*SUPPORT_WORDS.items()])
    part = forms.ChoiceField(label="Part of the page")
    position = forms.IntegerField(
        label="Position",
        min_value=1,
        max_value=100_000,
        help_text="Lower numbers come first.",
        widget=forms.NumberInput(attrs={"class": "input--short"}),
        error_messages={"required": "Enter a number.", "invalid": "Enter a whole number."},
    )

    field_order = ["heading", "kicker", "text", "more", "kept_by", "rules", "support", "part", "position", "reason"]
    ASKED = {
        Kind.CLAIM: {"kept_by", "rules"},
        Kind.PASSAGE: {"more"},
        Kind.CARD: set(),
        Kind.CLAUSE: {"more", "support"},
    }

    def __init__(self, *args: Any, statement: Statement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.ASKED[Kind(statement.kind)]
        for name in {"more", "kept_by", "rules", "support"} - asked:
            del self.fields[name]
        page: Page = PARTS[statement.part].page
        part = self.fields["part"]
        if isinstance(part, forms.ChoiceField):
            part.choices = [(key, PARTS[key].label) for key in keys_of(page)]
        if statement.kind == Kind.CLAUSE:
            self.fields["kicker"].label = "Clause"
            self.fields["heading"].label = "What it asks"
            self.fields["text"].label = "What the software does"
            self.fields["more"].label = "Your duty"

    def clean_rules(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["rules"].splitlines() if line.strip()]

    @property
    def wording(self) -> dict[str, Any]:
        # Browsers send line ends as CRLF: unchanged text must compare as unchanged.
        plain = {name: v.replace("\r\n", "\n") if isinstance(v, str) else v for name, v in self.cleaned_data.items()}
        return {name: value for name, value in plain.items() if name not in ("reason", "seen")}


class SecurityTxt(Reasoned):
    """The contacts in security.txt (RFC 9116)."""

    contacts = forms.CharField(
        label="Contacts",
        max_length=4000,
        help_text="One a line, the preferred one first: mailto:, https:// or tel:+.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Enter at least one contact."},
    )
    languages = forms.CharField(
        label="Languages",
        max_length=60,
        help_text="Language tags with comma and space, for example “en, de”.",
        error_messages={"required": "Enter at least one language."},
    )

    field_order = ["contacts", "languages", "reason"]

    def clean_contacts(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["contacts"].splitlines() if line.strip()]
        for line in lines:
            if not CONTACT.fullmatch(line) or len(line) > LONGEST_FIELD:
                raise forms.ValidationError(f"“{line[:80]}” is not of the form mailto:name@example.com.")
        return lines

    def clean_languages(self) -> str:
        text = str(self.cleaned_data["languages"])
        if not LANGUAGES.fullmatch(text):
            raise forms.ValidationError("Enter language tags with comma and space, for example “en, de”.")
        return text
