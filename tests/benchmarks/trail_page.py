"""How fast the trail page answers each filter over 1,000,000 events. Exit code 1 when one takes 2 s or more.

    python -m tests.benchmarks.trail_page [EVENTS] [--export]

The events are copies of ones that the product wrote, with records, people, reasons and days of their own, put into the
ledger of one tenant by the server's administrator, in a database of its own. Measured from request to response. With
--export a copy of everything is made and checked by its own verify.py as well.
"""

import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complere import env

BUDGET_SECONDS = 2.0
ROUNDS = 5
PEOPLE, REASONS, DAYS = 60, 2_000, 700

# Each record is created, changed and deleted, so that a check of the whole finds every version to follow from the last.
FILL = """
    WITH model AS (
        SELECT payload::jsonb AS p, payload::jsonb -> 'new' AS born,
               (SELECT min(key) FROM jsonb_each_text(payload::jsonb -> 'new')
                WHERE value NOT LIKE 'enc1:%' AND key NOT IN ('id', 'number') AND key NOT LIKE '%key_id') AS field,
               row_number() OVER (ORDER BY seq) - 1 AS place, count(*) OVER () AS all_of_them
        FROM {book}.ledger_event WHERE op = 'I'
    ), made AS (
        SELECT n, p, born, born || jsonb_build_object(field, 'changed') AS grown,
               jsonb_build_object(field, born -> field) AS was,
               (ARRAY['I', 'U', 'D'])[n % 3 + 1] AS op, n % 3 + 1 AS ver, md5('record ' || n / 3)::uuid::text AS pk,
               '00000000-0000-4000-8000-' || lpad((n / 3 % {people})::text, 12, '0') AS person,
               n / 3 % {people} AS number,
               (now() - make_interval(days => {days}) + n * (make_interval(days => {days}) / {events}))
                 AT TIME ZONE 'UTC' AS at,
               'Reason ' || (n::bigint * 7919 % {reasons})::text
                 || CASE n % 100000 WHEN 7 THEN ' after the needle was found' ELSE ' as agreed with the customer' END
                 AS reason
        FROM generate_series(0, {events} - 1) n JOIN model ON model.place = n / 3 % model.all_of_them
    ), told AS (
        SELECT made.*, (p || jsonb_build_object('pk', pk, 'ver', ver, 'op', op, 'reason', reason,
            'at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
            'old', CASE op WHEN 'I' THEN 'null' WHEN 'U' THEN was ELSE grown END,
            'new', CASE op WHEN 'I' THEN born WHEN 'U' THEN grown ELSE 'null' END,
            'actor', jsonb_build_object('id', person, 'name', 'Person ' || number, 'key', NULL, 'role', 'Clerk',
                                        'kind', 'human')))::text AS text
        FROM made
    ), written AS (
        INSERT INTO {book}.ledger_event (at, obj, pk, ver, op, payload, leaf)
        SELECT at AT TIME ZONE 'UTC', p ->> 'obj', pk, ver, op, text, sha256('\\x00'::bytea || convert_to(text, 'UTF8'))
        FROM told ORDER BY n RETURNING seq, leaf, at, payload, obj, pk, ver, op
    )
    INSERT INTO {book}.ledger_leaf (idx, seq, hash, at, actor, obj, pk, ver, op, reason)
    SELECT (SELECT max(idx) FROM {book}.ledger_leaf) + row_number() OVER (ORDER BY seq), seq, leaf, at,
           payload::jsonb #>> '{{actor,id}}', obj, pk, ver, op, payload::jsonb ->> 'reason'
    FROM written
"""


def main(events: int, *, export: bool) -> int:
    from tests import cast, database

    logging.disable(logging.INFO)
    with database.clone("bench", database.template()) as name, database.pointed_at(name):
        tenant = cast.tenant("acme")
        seed(tenant)
        began = time.perf_counter()
        fill(name, tenant.schema_name, events)
        say(f"{events:,} events written in {time.perf_counter() - began:.0f} s\n")
        say("| what is asked | median | slowest | queries |")
        say("| --- | ---: | ---: | ---: |")
        browser = enter(tenant)
        slowest = max(measure(browser, label, query) for label, query in asked(tenant))
        say(f"\nslowest {slowest:.2f} s (budget {BUDGET_SECONDS:.0f} s)")
        if export:
            copy(tenant)
        connection.close()
    return int(slowest >= BUDGET_SECONDS)


def seed(tenant: Any) -> None:
    """Records that went the real way, in the log."""
    from audit.sequencer import actions as sequencer
    from privacy.subject_requests.states import State
    from tenants import schemas
    from tests.privacy.subject_requests.filings import in_state

    with schemas.inside(tenant):
        for state in (State.RECEIVED, State.VALIDATED, State.IN_PROGRESS):
            for _ in range(5):
                in_state(state, timezone.now())
        sequencer.sequence(now=timezone.now())


def fill(database: str, schema: str, events: int) -> None:
    address = urlsplit(env.secret("DATABASE_ADMIN_URL"))._replace(path=f"/{database}").geturl()
    values = {"people": PEOPLE, "reasons": REASONS, "days": DAYS, "events": events}
    statement = FILL.format(book=f"audit_{schema}", **values)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(statement.encode())
        for table in ("event", "leaf", "access"):
            server.execute(f"VACUUM ANALYZE audit_{schema}.ledger_{table}".encode())


def enter(tenant: Any) -> Client:
    from tenants import schemas
    from tests import cast

    with schemas.inside(tenant):
        return cast.browser(cast.person("ann"), tenant)


def asked(tenant: Any) -> list[tuple[str, str]]:
    from audit.ledger.models import Leaf
    from tenants import schemas

    with schemas.inside(tenant):
        middle = Leaf.objects.order_by("-idx").values_list("idx", flat=True).first() // 2
        leaf = Leaf.objects.filter(idx__gt=middle, obj="privacy_subjectrequest").order_by("idx").first()
        day = leaf.at.date()
    person = "00000000-0000-4000-8000-000000000007"
    return [
        ("newest page", ""),
        ("page in the middle", f"before={middle}"),
        ("oldest page, backwards", "after=0"),
        ("one person (1 in 60)", f"actor={person}"),
        ("one record", f"record={leaf.pk_text}"),
        ("one record of a kind", f"kind=privacy_subjectrequest&record={leaf.pk_text}"),
        ("a reference that nobody has", "record=DSR-1999-0001"),
        ("a kind of record", "kind=privacy_subjectrequest"),
        ("deleted", "action=D"),
        ("structure changed (a handful)", "action=S"),
        ("one day", f"since={day}&until={day}"),
        ("a day before everything", "since=2001-01-01&until=2001-01-02"),
        ("a reason that nearly all have", "reason=customer"),
        ("a reason that 1 in 2,000 has", "reason=Reason+1234+"),
        ("a reason that 1 in 100,000 has", "reason=NEEDLE"),
        ("a reason that nobody gave", "reason=xyzzy+plugh"),
        ("everything at once", f"actor={person}&kind=privacy_subjectrequest&action=U&since=2001-01-01&reason=customer"),
        ("rare reason of one person on one day", f"actor={person}&since={day}&until={day}&reason=needle"),
    ]


def measure(browser: Client, label: str, query: str) -> float:
    times = []
    for _ in range(ROUNDS):
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            answer = browser.get(f"/trail/?{query}")
            times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    say(f"| {label} | {statistics.median(times) * 1000:.0f} ms | {max(times) * 1000:.0f} ms | {len(queries)} |")
    return max(times)


def copy(tenant: Any) -> None:
    """An export of everything, as the worker makes it; its check, as an inspector runs it."""
    from audit.export import actions, queries
    from audit.export.adapters import writing
    from audit.sequencer import actions as sequencer
    from tenants import schemas
    from tests import cast

    with schemas.inside(tenant):
        sequencer_seconds = timed(lambda: sign_all(sequencer))
        ann = cast.person("ann").actor
        export = actions.order(
            since=None, until=None, time_zone="UTC", actor=ann, now=timezone.now(), reason="Benchmark"
        )
        seconds = timed(lambda: actions.do_due(timezone.now()))
        made = queries.by_id(export.pk)
        assert made is not None
        assert made.state == "ready", made.failure
        say(f"\nhead signed in {sequencer_seconds:.1f} s")
        say(f"export of {made.event_count:,} events made in {seconds:.1f} s")
        say(f"file {made.file_size / 1e6:.0f} MB, {writing.MOST_ON_PAPER} entries on paper")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "trail.zip"
            with file.open("wb") as out:
                out.writelines(queries.contents(made))
            with zipfile.ZipFile(file) as archive:
                script = archive.extract("verify.py", folder)
            # What was put in is dated back, behind events of today.
            check = [sys.executable, "-I", script, str(file), "--json", "--tolerance", str(DAYS * 86_400)]
            began = time.perf_counter()
            done = subprocess.run(check, capture_output=True, check=False)
            told = json.loads(done.stdout)["problems"][:2]
            say(f"checked by verify.py in {time.perf_counter() - began:.1f} s: {done.returncode} {told}")


def sign_all(sequencer: Any) -> None:
    """A head over what the administrator put in; one more event of the product makes the sequencer look."""
    from audit import context
    from tests import cast

    with context.regulated_write(actor=cast.DIRECTOR, reason="One more event"):
        cast.person("ann").save(update_fields=["job_title"])
    sequencer.sequence(now=timezone.now())


def timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    env.put_default("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    sys.exit(main(numbers[0] if numbers else 1_000_000, export="--export" in sys.argv))
