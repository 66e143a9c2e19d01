"""Attack the audit trail on a scratch copy of the database, and report what was prevented and what was detected.

The copy is made with DATABASE_ADMIN_URL and dropped at the end; the database itself is only read. Exit status 1 when
an attack went unnoticed that is not the stated limit.

manage.py audit_drill                            copy the database; it must have no other connections while copied
manage.py audit_drill --dump trail.dump          restore a dump (pg_dump --format=custom) instead
manage.py audit_drill --tenant "Acme Pharma"     the trail to attack; Complere's own otherwise
manage.py audit_drill --json                     one JSON object an attack, a line each
"""

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from psycopg import sql

from audit.drill import actions
from audit.drill.actions import Outcome
from complere import env
from tenants import schemas
from tenants.books import queries

if TYPE_CHECKING:
    from tenants.tenancy.models import Tenant

UNNOTICED = 1
UNKNOWN = 2


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="public", help="name, host or schema of one tenant")
        parser.add_argument("--dump", default="", help="a dump to restore instead of a copy of the database")
        parser.add_argument("--pg-restore", default="pg_restore", help="path of pg_restore, not older than the dump")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        if env.secret("DATABASE_ADMIN_URL", None) is None:
            raise CommandError("Set DATABASE_ADMIN_URL: the drill makes a scratch copy of the database.", returncode=2)
        live = str(connection.settings_dict["NAME"])
        with scratch_copy(live, options["dump"], options["pg_restore"]) as name, pointed_at(name):
            if connection.settings_dict["NAME"] == live:
                raise CommandError("This is the live database.", returncode=UNKNOWN)
            with schemas.inside(_tenant(options["tenant"])):
                outcomes = list(self._told(as_json=options["json"]))
        missed = [each for each in outcomes if each.is_unnoticed and not each.attack.is_the_limit]
        if not options["json"]:
            self.stdout.write(_summary(outcomes, missed))
        if missed:
            raise SystemExit(UNNOTICED)

    def _told(self, *, as_json: bool) -> Iterator[Outcome]:
        for outcome in actions.run(now=timezone.now()):
            self.stdout.write(_as_json(outcome) if as_json else _as_text(outcome))
            yield outcome


def _tenant(name: str) -> "Tenant":
    found = [each for each in queries.keepers() if name in {each.name, each.host, each.schema_name}]
    if not found:
        raise CommandError(f"--tenant: nobody is called {name}", returncode=UNKNOWN)
    return found[0]


@contextmanager
def scratch_copy(live: str, dump: str, pg_restore: str) -> Iterator[str]:
    """A database that holds what `live`, or the dump, holds; dropped at the end."""
    admin, name = env.secret("DATABASE_ADMIN_URL"), f"drill_{uuid.uuid4().hex[:12]}"
    connection.close()
    with psycopg.connect(admin, autocommit=True) as server:
        template = "template0" if dump else live
        try:
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        except psycopg.errors.ObjectInUse as busy:
            text = f"{live} has other connections: stop the processes that use it, or give --dump."
            raise CommandError(text, returncode=UNKNOWN) from busy
        try:
            if dump:
                address = urlsplit(admin)._replace(path=f"/{name}").geturl()
                subprocess.run([pg_restore, "--exit-on-error", f"--dbname={address}", dump], check=True)
            yield name
        finally:
            connection.close()
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """This process works on database `name`, as the administrator, within the block."""
    admin, before = urlsplit(env.secret("DATABASE_ADMIN_URL")), dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        NAME=name, HOST=admin.hostname, PORT=admin.port or 5432,
        USER=unquote(admin.username or ""), PASSWORD=unquote(admin.password or ""),
    )  # fmt: skip
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def _as_text(outcome: Outcome) -> str:
    what = f"{outcome.attack.account:<9}  {outcome.attack.aim:<60.60}"
    if outcome.prevented_by:
        return f"{what}  prevented  {outcome.prevented_by}"
    if outcome.detected_by:
        return f"{what}  detected   {', '.join(outcome.detected_by)}, in {outcome.seconds:.2f} s"
    return f"{what}  {'unnoticed, the stated limit' if outcome.attack.is_the_limit else 'UNNOTICED'}"


def _as_json(outcome: Outcome) -> str:
    attack = outcome.attack
    said: dict[str, Any] = {"account": attack.account.value, "aim": attack.aim, "prevented_by": outcome.prevented_by}
    said |= {"detected_by": list(outcome.detected_by), "first_word": outcome.first_word}
    said |= {"seconds": round(outcome.seconds, 3), "stated_limit": attack.is_the_limit}
    return json.dumps(said, ensure_ascii=False)


def _summary(outcomes: list[Outcome], missed: list[Outcome]) -> str:
    prevented = sum(bool(each.prevented_by) for each in outcomes)
    detected = sum(bool(each.detected_by) for each in outcomes)
    return f"{len(outcomes)} attacks: {prevented} prevented, {detected} detected, {len(missed)} unnoticed."
