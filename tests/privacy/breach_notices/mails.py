"""Mails of notices, and the moments around them."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from tenants.members.outbox.models import Email

SENT = datetime(2026, 5, 1, 16, 0, tzinfo=UTC)


HOUR = timedelta(hours=1)


def mails(template: str) -> list[Email]:
    return list(Email.objects.filter(template=template).select_related("subject_key").order_by("created_at"))


def addresses(template: str) -> list[str]:
    return sorted(mail.to for mail in mails(template))


def broken(at: datetime) -> None:
    raise RuntimeError("the database went away")


def stored(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT content FROM {table}")
        return str(cursor.fetchone()[0])
