from datetime import datetime

from django.db import transaction

from audit import context
from audit.subject_keys import hashing, queries
from audit.subject_keys.models import SubjectKey, TenantKey


@transaction.atomic
def create_tenant_keys(*, now: datetime) -> None:
    """The two keys every schema needs before its first person. Does nothing where they exist."""
    for purpose in TenantKey.Purpose.values:
        place = queries.place_of_tenant_key(context.current_schema(), purpose, 1)
        if not TenantKey.objects.filter(purpose=purpose).exists():
            wrapped = hashing.wrap(hashing.new_key(), queries.root_key(), place)
            TenantKey.objects.create(purpose=purpose, version=1, wrapped=wrapped, created_at=now)


def create(*, now: datetime) -> SubjectKey:
    """A key for a person who was not known yet."""
    key = SubjectKey(created_at=now)
    place = queries.place_of_subject_key(context.current_schema(), str(key.pk))
    key.wrapped = hashing.wrap(hashing.new_key(), queries.tenant_key(TenantKey.Purpose.WRAP), place)
    key.save(force_insert=True)
    return key


def destroy(subject_key: SubjectKey, *, actor: context.Actor, now: datetime, reason: str) -> SubjectKey:
    """Erase the person: nothing that this key encrypted can be read again (GDPR Art. 17)."""
    with context.regulated_write(actor=actor, reason=reason) as write:
        fresh = SubjectKey.objects.select_for_update().get(pk=subject_key.pk)
        if fresh.wrapped is not None:
            fresh.wrapped = None
            fresh.destroyed_at = now
            fresh.destroyed_by = f"{write.actor.name} ({write.actor.role})"
            fresh.destroyed_because = write.reason
            fresh.save(update_fields=["wrapped", "destroyed_at", "destroyed_by", "destroyed_because"])
    return fresh
