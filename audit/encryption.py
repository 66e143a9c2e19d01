"""Model fields for personal data: the database only ever sees ciphertext.

    class Person(models.Model):
        subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT)
        name = PersonalText()

The attribute reads and takes plain text; it is decrypted when it is looked at, with the key of
the row's `subject_key` (use `select_related("subject_key")` in lists). Once the key is
destroyed the attribute reads `ERASED`.
"""

from typing import Any, cast

from django.db import models

from audit import watch
from audit.context import current_schema
from audit.subject_keys import hashing, queries

ERASED = "erased"


class PlainTextRefused(ValueError):
    """Personal data were about to reach the database in the clear."""


class _Sealed:
    """Ciphertext as it stands in the row, not yet looked at."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token


class _Opened(str):
    """Plain text that remembers the ciphertext it stands for, and where that may stand."""

    __slots__ = ("place", "token")
    place: str
    token: str


def _opened(text: str, token: str, place: str) -> _Opened:
    value = _Opened(text)
    value.token, value.place = token, place
    return value


class _Attribute:
    """Decrypts on first look, keeps the plain text beside the row for as long as the instance lives."""

    def __init__(self, field: "PersonalText") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, _Sealed) and not getattr(instance._state, "copied_as_stored", False):
            value = instance.__dict__[name] = self.field.open(value.token, instance)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        held = instance.__dict__.get(self.field.attname)
        # The same words keep their ciphertext: sealed anew they would look like a change.
        if not (isinstance(held, _Opened) and isinstance(value, str) and value == held):
            instance.__dict__[self.field.attname] = value


class PersonalText(models.TextField):  # type: ignore[type-arg]
    """Text about a person, encrypted under that person's key."""

    descriptor_class = _Attribute

    def __init__(self, *args: Any, key: str = "subject_key", **options: Any) -> None:
        self.key = key
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "key": self.key}

    def from_db_value(self, value: str | None, expression: object, connection: object) -> _Sealed | None:
        return None if value is None else _Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:  # noqa: FBT001
        value = model_instance.__dict__.get(self.attname)
        if value is None or value == "":
            return cast("str | None", value)
        if isinstance(value, _Sealed):
            return value.token
        if value == ERASED and self._key_of(model_instance).wrapped is None:
            return self._stored(model_instance)
        place = self._place(model_instance)
        if not (isinstance(value, _Opened) and value.place == place):
            value = _opened(str(value), self.seal(str(value), model_instance), place)
            # The history row, copied next, holds the same bytes: the two captures can be compared.
            model_instance.__dict__[self.attname] = value
        return value.token

    def seal(self, text: str, instance: models.Model) -> str:
        key = queries.open_subject_key(self._key_of(instance))
        return hashing.to_token(hashing.seal(text.encode(), key, self._place(instance)))

    def open(self, token: str, instance: models.Model) -> str:
        if token == "":
            return ""
        try:
            key = queries.open_subject_key(self._key_of(instance))
        except queries.ErasedError:
            return ERASED
        text = hashing.unseal(hashing.from_token(token), key, self._place(instance)).decode()
        self._note_look(instance)
        return _opened(text, token, self._place(instance))

    def _note_look(self, instance: models.Model) -> None:
        """Whoever has a record opened is in the access log; colleagues' names are on every page and are left out."""
        model = getattr(instance, "instance_type", type(instance))
        if getattr(model, "looks_are_logged", True):
            record = getattr(instance, model._meta.pk.attname)
            watch.looked_at(f"{model._meta.label_lower}:{record}", str(getattr(instance, f"{self.key}_id")))

    def stored(self, instance: models.Model) -> str | None:
        """The ciphertext, or the plain text of a value that was never written: for comparing versions."""
        value = instance.__dict__.get(self.attname)
        return value.token if isinstance(value, _Sealed | _Opened) else cast("str | None", value)

    def get_prep_value(self, value: Any) -> Any:
        """Ciphertext only: `update()` and `bulk_update()` do not pass `pre_save`, and must not write plain text."""
        if isinstance(value, _Sealed):
            return value.token
        if value and not str(value).startswith(hashing.MARK):
            raise PlainTextRefused(f"{self.name} holds personal data: set it on the record and save that.")
        return super().get_prep_value(value)

    def _key_of(self, instance: models.Model) -> Any:
        return getattr(instance, self.key)

    def _stored(self, instance: models.Model) -> str:
        """What the record holds: an erased value is carried along as it is, never overwritten."""
        model = getattr(instance, "instance_type", type(instance))
        primary_key = getattr(instance, model._meta.pk.attname)
        row = model._base_manager.filter(pk=primary_key).values_list(self.attname, flat=True).first()
        return row.token if isinstance(row, _Sealed) else ""

    def _place(self, instance: models.Model) -> str:
        # History rows hold the bytes of the record they tell of, so both share one place.
        model = getattr(instance, "instance_type", type(instance))
        subject = getattr(instance, f"{self.key}_id")
        return f"{current_schema()}|{subject}|{model._meta.label_lower}.{self.name}"
