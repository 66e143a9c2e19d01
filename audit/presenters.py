"""How each kind of record is read in its history: the registry behind `record-history`.

A registry, because the history stands below the apps whose records it tells of. One line in `ready()` will do:

    presenters.register(presenters.Story(kind="privacy.incident", permission="privacy.view_incidents"))

Link to it with `{% url "record-history" kind="privacy.incident" pk=incident.pk %}`. A kind that nobody registered has
no page: who may read it must be decided, not assumed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How the history of one kind of record is told.

    `permission` is asked beside `audit.view_history`. `labels` and `values` give words for fields and for their values,
    `hide` names fields that say nothing to a reader. `children` are kinds told in the same timeline, each with the
    field that points here: a foreign key, or a text field that holds `app.model:id`.
    """

    kind: str
    permission: str
    title: Callable[[Any], str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    hide: Collection[str] = ()
    children: Sequence[tuple[str, str]] = ()

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.kind)

    def title_of(self, record: models.Model) -> str:
        """The record in words: its title where the app gave one, else its kind and id."""
        if self.title is not None:
            return self.title(record)
        return f"{str(self.model._meta.verbose_name).capitalize()} {record.pk}"


_stories: dict[str, Story] = {}


def register(story: Story) -> None:
    """Raises `LookupError` for a kind that is no model."""
    _stories[story.model._meta.label_lower] = story


def of(kind: str) -> Story | None:
    return _stories.get(kind)


def every() -> list[Story]:
    return list(_stories.values())
