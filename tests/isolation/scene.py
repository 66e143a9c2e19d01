"""Something of everything in every schema, each text marked with the schema it belongs to.

A model that somebody adds is planted like the others: `row` makes a value for each field by its type. A model whose
constraints want more gets an entry in WANTED.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, models, router
from django.db.models.fields import NOT_PROVIDED
from django.utils import timezone

from audit import context
from audit.encryption import PersonalText
from audit.subject_keys import actions as subject_keys
from tenants.members.access_reviews.catalogue import Line
from tenants.members.access_reviews.queries import stored
from tests.architecture import sources


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


LATER = ("expires", "due", "until", "confirm_by", "escalate", "remind", "next", "answer_by")
# Values that constraints or readers ask for, where a made-up one will not do.
WANTED: dict[str, dict[str, Any]] = {
    "audit.LogKey": {"wrapped": b"planted", "version": 99},
    "audit.Signature": {
        "kind": "members.user",
        "obj": "members_user",
        "pk_text": lambda mark: str(mark.member),
        "time_zone": "Europe/Berlin",
        "methods": ["password", "totp"],
        "meaning": "approval",
        "signer_id": lambda mark: mark.member,
        "intent": "{}",
        "intent_digest": digest("{}"),
    },
    "members.CustomRole": {
        "key": lambda mark: f"c_{digest(mark.schema)[:8]}",
        "permissions": ["audit.view_history"],
    },
    "members.RoleGrant": {"role": lambda mark: "auditor" if mark.schema != "public" else "staff_auditor"},
    "members.Email": {"next_try_at": lambda mark: timezone.now() + timedelta(days=30)},
    "members.Factor": {"kind": "totp", "user": lambda mark: mark.member, "confirmed_at": lambda mark: timezone.now()},
    "members.FederatedIdentity": {"user": lambda mark: mark.member},
    "members.FactorReset": {"state": "asked"},
    "members.IdentityCheck": {"verified_by": lambda mark: mark.member},
    "members.SigningPolicy": {"version": 7},
    "members.IdentityProvider": {"kind": "oidc"},
    "members.AccessToken": {"purpose": "api"},
    "members.AccessReview": {"rows": lambda mark: [stored(Line(person=str(mark.member), roles=("auditor",)))]},
    "tenants.EntryRequest": {"tenant": lambda mark: mark.customer},
    "privacy.Deadline": {"basis": "law", "kind": "dsr.statutory", "time_zone": "Europe/Berlin"},
    "privacy.SubjectRequest": {"right": "access", "relation": "customer", "channel": "email"},
    "privacy.RequestLink": {"door": "follow"},
    "privacy.Incident": {"natures": ["confidentiality"], "logged_by_id": lambda mark: mark.member},
    "trust_center.Statement": {"kind": "passage", "part": "overview"},
    # What a tenant asks Complere for lies on the platform, in the tenant's name.
    "trust_center.DocumentRequest": {
        "calendar": "DE",
        "region": "eu-central",
        "time_zone": "Europe/Berlin",
        "kinds": ["dpa"],
        "purpose": "evaluation",
        "tenant_id": lambda mark: mark.customer,
        "member_id": lambda mark: mark.member,
    },
    "privacy.AffectedTenant": {"tenant_id": lambda mark: mark.customer},
    "trust_center.Document": {"kind": "dpa"},
    "trust_center.SignedCopy": {"print_at": lambda mark: timezone.now()},
    "trust_center.DocumentVersion": {"classification": "public", "print_at": lambda mark: timezone.now()},
    "trust_center.Update": {"topic": "claims"},
    "trust_center.Subscription": {
        "email_index": lambda mark: mark.word,
        "token_hash": lambda mark: digest(mark.token),
        "expires_at": lambda mark: timezone.now() + timedelta(days=1),
    },
}
# Of these a second row, for addresses that show one kind only.
ANOTHER = {"members.IdentityProvider": {"kind": "saml"}}


# A value for a field by its type; a date-time is a date, so it stands before it.
MADE_UP: list[tuple[Any, Callable[[Any], Any]]] = [
    (ArrayField, lambda field: []),
    (models.DateTimeField, lambda field: timezone.now() + timedelta(days=30 if field.name.startswith(LATER) else 0)),
    (models.DateField, lambda field: timezone.now().date()),
    (models.BooleanField, lambda field: False),
    (models.IntegerField | models.FloatField, lambda field: 1),
    (models.UUIDField, lambda field: uuid.uuid4()),
    (models.JSONField, lambda field: {}),
    (models.BinaryField, lambda field: b"planted"),
]


def unpaired(field: "models.Field[Any, Any]") -> bool:
    """Who did what has not been done: `acknowledged_by` beside an empty `acknowledged_at`."""
    moment = field.name.removesuffix("_by") + "_at"
    return any(other.name == moment and other.null for other in field.model._meta.fields)


class Mark:
    """The texts by which rows of one schema are known wherever they turn up, and whose they are.

    `customer` is the tenant for whom Complere keeps rows on the platform, `member` who wrote the rows of a schema.
    """

    def __init__(self, schema: str, customer: uuid.UUID, member: uuid.UUID) -> None:
        self.schema = schema
        self.customer = customer
        self.member = member
        self.word = f"canary{hashlib.sha256(schema.encode()).hexdigest()[:10]}"
        self.token = f"token-{self.word}"


class Scene:
    """The rows of one schema, by model."""

    def __init__(self, schema: str, *, customer: uuid.UUID, member: uuid.UUID) -> None:
        self.mark = Mark(schema, customer, member)
        self.rows: dict[str, models.Model] = {}

    def plant(self) -> "Scene":
        """A row of every model that lives in the schema we are in."""
        # A person: nobody else signs.
        actor = context.Actor(id=self.mark.member, name="planting", role="test")
        with context.regulated_write(actor=actor, reason="Plant a canary"):
            for model in ours():
                self.row(model)
            for label, values in ANOTHER.items():
                self._another(label, values)
        return self

    def _another(self, label: str, values: dict[str, Any]) -> None:
        """A second row of a model whose rows are of two kinds."""
        model = apps.get_model(label)
        said = {field.attname: self._value(field, label) for field in fields(model)}
        record = model(**said | values)
        record.save(force_insert=True)
        self.rows[f"{label} ({', '.join(values.values())})"] = record

    def row(self, model: type[models.Model]) -> models.Model:
        label = model._meta.label
        if label == "audit.SubjectKey":
            self.rows.setdefault(label, subject_keys.create(now=timezone.now()))
        if label not in self.rows:
            record = model(**{field.attname: self._value(field, label) for field in fields(model)})
            record.save(force_insert=True)
            self.rows[label] = record
        return self.rows[label]

    def _value(self, field: "models.Field[Any, Any]", label: str) -> Any:
        wanted = WANTED.get(label, {})
        if field.name in wanted:
            return wanted[field.name](self.mark) if callable(wanted[field.name]) else wanted[field.name]
        if isinstance(field, PersonalText) and not unpaired(field):
            return self.mark.word
        if field.name == "token_hash":
            return digest(self.mark.token)
        return self._pointed_to(field) if isinstance(field, models.ForeignKey) else self._plain(field)

    def _plain(self, field: "models.Field[Any, Any]") -> Any:
        if field.name.endswith("zone"):
            return "Europe/Berlin"
        if field.null:
            return None
        if field.default is not NOT_PROVIDED:
            return field.get_default()
        words = isinstance(field, models.CharField | models.TextField)
        return "" if field.blank and words else self._made_up(field)

    def _text(self, field: "models.Field[Any, Any]") -> str:
        """What the Trust Center says is for everybody to read: only personal data of that app is a secret."""
        return "published" if field.model._meta.app_label == "trust_center" else self.mark.word

    def _pointed_to(self, field: "models.ForeignKey[Any, Any]") -> Any:
        target = field.remote_field.model
        return None if field.null else self.row(target).pk

    def _made_up(self, field: "models.Field[Any, Any]") -> Any:
        if field.choices:
            return field.flatchoices[0][0]
        if isinstance(field, models.CharField | models.TextField):
            return self._text(field)[: field.max_length]
        for kind, make in MADE_UP:
            if isinstance(field, kind):
                return make(field)
        raise TypeError(f"say in WANTED what {field} holds: no value can be made up for a {type(field).__name__}")


def ours() -> Iterator[type[models.Model]]:
    """Our models in this schema; its tenants, keys and wake-ups are there already, and the keys of logs are public."""
    standing = {"tenants.Tenant", "tenants.Domain", "tenants.WakeUp", "audit.TenantKey", "audit.LogKey"}
    for model in apps.get_models():
        mine = model.__module__.split(".")[0] in sources.APPS and "historical" not in model._meta.model_name
        here = model._meta.managed and router.allow_migrate_model(DEFAULT_DB_ALIAS, model)
        if mine and here and model._meta.label not in standing:
            yield model


def fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    generated = (models.AutoField, models.BigAutoField)
    return [field for field in model._meta.concrete_fields if not isinstance(field, generated)]
