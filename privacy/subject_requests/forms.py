"""What people type about a request. Shape only: nothing is saved here."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.files.uploadedfile import UploadedFile

from privacy.case_files import catalogue as file_rules
from privacy.case_files.actions import Upload
from privacy.deadlines.forms import LocalMoment
from privacy.subject_requests import catalogue
from privacy.subject_requests.catalogue import Channel, Relation, Right
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.queries import Filter
from privacy.subject_requests.states import WORDS
from tenants.members.signature_form import SigningFields

SHORT, LONG = 200, 10_000


def text(label: str, *, hint: str = "", rows: int = 4, required: bool = True, error: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=LONG,
        required=required,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": error or f"Enter this: {label[0].lower()}{label[1:]}."},
    )


class OneFile(forms.FileField):
    """A file of an allowed kind and size, read whole into an `Upload`."""

    def __init__(self, *, allowed: tuple[str, ...], **options: Any) -> None:
        self.allowed = allowed
        widget = forms.FileInput(attrs={"accept": ",".join(f".{ending}" for ending in allowed)})
        super().__init__(widget=widget, max_length=SHORT, allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = super().clean(data, initial)
        if not isinstance(given, UploadedFile):
            return None
        # One byte more than is allowed is enough to know that it is too large.
        content = given.read(file_rules.LARGEST_FILE + 1)
        name = str(given.name)
        if refusal := file_rules.refusal(name, content, self.allowed):
            raise forms.ValidationError(refusal)
        return Upload(name=name, content=content)


class FileRequestForm(forms.Form):
    """What is known of a request that reached us in some way."""

    form_token = forms.UUIDField(widget=forms.HiddenInput)
    right = forms.ChoiceField(
        label="What does the person ask for?",
        choices=[(t.right, f"{t.name} ({t.article}): {t.plain}") for t in catalogue.TYPES.values()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the person asks for."},
    )
    whose = forms.ChoiceField(label="Whose data is it about?", help_text="Who decides why and how the data are used.")
    subject_name = forms.CharField(
        label="Name of the person",
        max_length=SHORT,
        error_messages={"required": "Enter the name as the person gave it."},
    )
    subject_email = forms.EmailField(
        label="E-mail address of the person",
        required=False,
        max_length=254,
        help_text="Without one, letters have to go another way.",
        error_messages={"invalid": "Enter the e-mail address in the form name@example.com."},
    )
    relation = forms.ChoiceField(
        label="What is the person to you?",
        choices=[("", "Choose one"), *catalogue.RELATIONS.items()],
        error_messages={"required": "Choose what the person is to you."},
    )
    identifiers = text(
        "What else identifies them", hint="Customer number, former name, postal address.", rows=2, required=False
    )
    details = text("What they wrote", hint="In their own words, as far as possible.", required=False)
    channel = forms.ChoiceField(
        label="How did it reach you?",
        choices=[
            ("", "Choose one"),
            *((key, label) for key, label in catalogue.CHANNELS.items() if key != Channel.WEB_FORM),
        ],
        error_messages={"required": "Choose how it reached you."},
    )
    received_at = LocalMoment(
        label="When did it reach you?", error_messages={"required": "Enter the date and time of receipt."}
    )
    late_entry_reason = text(
        "Why it is entered only now", hint="Only when it was received before today.", rows=2, required=False
    )
    received_first_at = LocalMoment(
        label="Did Complere have it before you? When?",
        required=False,
        help_text="The earlier receipt starts the month.",
    )
    evidence = OneFile(
        label="Evidence, for example the letter",
        required=False,
        allowed=file_rules.EVIDENCE_FILES,
        help_text=f"{', '.join(file_rules.EVIDENCE_FILES)}; at most 5 MB.",
    )

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, tenants: Iterable[Any] | None) -> None:
        super().__init__(*args)
        local = now.astimezone(zone).replace(tzinfo=None)
        self.initial = {"form_token": uuid.uuid4(), "received_at": local, "whose": "own"}
        for name in ("received_at", "received_first_at"):
            self.fields[name].zone = zone  # type: ignore[attr-defined]
            self.fields[name].help_text += f" Time zone: {zone.key}."
        self.tenants = {str(tenant.pk): tenant for tenant in tenants or []}
        if tenants is None:
            del self.fields["whose"]
        else:
            del self.fields["received_first_at"]
            own = [("own", "Complere itself: visitors, document requesters, staff")]
            self.fields["whose"].choices = own + [(key, t.name) for key, t in self.tenants.items()]  # type: ignore[attr-defined]

    def given(self) -> dict[str, Any]:
        """What `actions.Filing` takes."""
        data = {
            name: value for name, value in self.cleaned_data.items() if name not in {"form_token", "whose", "evidence"}
        }
        typed = {
            "right": Right(data["right"]),
            "channel": Channel(data["channel"]),
            "relation": Relation(data["relation"]),
        }
        return data | typed | {"for_tenant": self.tenants.get(self.cleaned_data.get("whose", ""))}


class StepForm(forms.Form):
    """The base of every step: a reason for the record, asked last."""

    reason = forms.CharField(
        label="Reason for the record",
        help_text="Kept with your name and the time. It says why, not what.",
        max_length=500,
        error_messages={"required": "Give a reason."},
    )

    def __init__(self, *args: Any, record: SubjectRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])


class SignedStepForm(SigningFields, StepForm):
    """A step that closes the case: who takes it answers for it with a signature."""


class AssignForm(StepForm):
    assignee = forms.ChoiceField(label="Who works on it?", error_messages={"invalid_choice": "Choose somebody listed."})

    def __init__(self, *args: Any, workers: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workers = {str(user.pk): user for user in workers}
        self.fields["assignee"].choices = [(key, user.full_name) for key, user in self.workers.items()]  # type: ignore[attr-defined]
        self.initial.setdefault("assignee", str(self.record.assignee_id or ""))


class IdentityForm(StepForm):
    doubt = text("Why you doubt who it is", hint="Reasonable doubts of this case. Asking everybody is not allowed.")
    asked_for = text(
        "What the person should send", hint="The mildest proof that settles the doubt. The person reads this."
    )


class ValidateForm(StepForm):
    check = forms.ChoiceField(
        label="How do you know that it is them?", choices=list(catalogue.CHECKS.items()), widget=forms.RadioSelect
    )
    note = text("What was checked", hint="Enough for somebody else to follow it.", rows=2)


class BeginForm(StepForm):
    pass


class WithdrawForm(StepForm):
    pass


GIVEN, NOT_APPLICABLE = "given", "not_applicable"


class DeliverForm(SignedStepForm):
    """The answer, with a line for each part that the law asks for (DSR-30)."""

    answer = text("Answer to the person", hint="The person reads this behind a personal link.", rows=8)
    download = OneFile(
        label="File for the person to download",
        required=False,
        allowed=file_rules.ANSWER_FILES,
        help_text=f"{', '.join(file_rules.ANSWER_FILES)}; at most 5 MB. It is never sent as an attachment of a mail.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in self.record.type.items:
            self.fields[f"part_{item.key}"] = forms.ChoiceField(
                label=item.label,
                help_text=item.rule,
                choices=[(GIVEN, "Given"), (NOT_APPLICABLE, "Not applicable")],
                widget=forms.RadioSelect,
                error_messages={"required": "Say whether this part was given."},
            )
            self.fields[f"why_{item.key}"] = forms.CharField(
                label="Why it does not apply",
                required=False,
                max_length=500,
                widget=forms.TextInput(attrs={"aria-label": f"Why it does not apply: {item.label}"}),
            )
        parts = [name for item in self.record.type.items for name in (f"part_{item.key}", f"why_{item.key}")]
        self.order_fields(["answer", "download", *parts, "reason"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for item in self.record.type.items:
            if data.get(f"part_{item.key}") == NOT_APPLICABLE and not data.get(f"why_{item.key}"):
                self.add_error(f"why_{item.key}", f"Say why this does not apply: {item.label}.")
        return data

    def checklist(self) -> dict[str, str]:
        """Each part with an empty text when given, else why it does not apply."""
        data = self.cleaned_data
        keys = [item.key for item in self.record.type.items]
        return {key: data[f"why_{key}"] if data[f"part_{key}"] == NOT_APPLICABLE else "" for key in keys}

    def parts(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"part_{item.key}"], self[f"why_{item.key}"]) for item in self.record.type.items]


class RefuseForm(SignedStepForm):
    """A refusal with the three parts of GDPR Art. 12(4) (DSR-09)."""

    ground = forms.ChoiceField(
        label="Ground of the law", widget=forms.RadioSelect, error_messages={"required": "Choose a ground."}
    )
    evidence = text(
        "What proves it",
        hint="Needed for: unfounded, excessive, not identified. The person does not see this.",
        rows=2,
        required=False,
    )
    reasons = text("Reasons, for the person", hint="In plain words. The person reads this.")
    complaint = text(
        "Right to complain", hint="Name the supervisory authority and how to reach it. The person reads this.", rows=3
    )
    remedy = text("Judicial remedy", hint="The person reads this.", rows=3)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            "complaint": "You have the right to complain to a supervisory authority, in particular where you live, "
            "where you work, or where you think that the law was broken (GDPR Art. 77).",
            "remedy": "You have the right to an effective judicial remedy: you may take us to court (GDPR Art. 79).",
        }
        self.fields["ground"].choices = [  # type: ignore[attr-defined]
            (each.key, f"{each.label} ({each.rule})") for each in catalogue.grounds(self.record.right)
        ]


class OnceForm(forms.Form):
    """A form whose token makes a second sending harmless."""

    form_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"form_token": uuid.uuid4()}


class NoteForm(OnceForm):
    text = text("Note", hint="A note cannot be changed later.", rows=3)


class EvidenceForm(OnceForm):
    prefix = "evidence"
    file = OneFile(
        label="File",
        allowed=file_rules.EVIDENCE_FILES,
        help_text=f"{', '.join(file_rules.EVIDENCE_FILES)}; at most 5 MB.",
        error_messages={"required": "Choose a file."},
    )
    description = forms.CharField(
        label="What it shows", min_length=4, max_length=500, error_messages={"required": "Say what the file shows."}
    )


class FilterForm(forms.Form):
    """The filters of a list. What does not fit is ignored, never an error."""

    words = forms.CharField(
        label="Reference, name or whole e-mail",
        required=False,
        max_length=SHORT,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("open", "Open"), *WORDS.items(), ("all", "All")],
    )
    right = forms.ChoiceField(
        label="Type",
        required=False,
        choices=[("", "All types"), *((t.right, f"{t.name} ({t.article})") for t in catalogue.TYPES.values())],
    )
    due = forms.ChoiceField(
        label="Due",
        required=False,
        choices=[("", "Any time"), ("overdue", "Overdue"), ("week", "Within 7 days")],
    )
    assignee = forms.ChoiceField(label="Assigned to", required=False)

    def __init__(self, *args: Any, workers: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(user.pk), user.full_name) for user in workers]
        self.fields["assignee"].choices = [("", "Anybody"), ("nobody", "Nobody yet"), *names]  # type: ignore[attr-defined]

    def wanted(self) -> Filter:
        self.is_valid()
        data = {name: value for name, value in self.cleaned_data.items() if value}
        return Filter(**data)
