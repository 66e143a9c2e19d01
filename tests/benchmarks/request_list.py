"""How fast the list of requests answers with 100,000 rows. Exit code 1 when a p95 reaches the budget.

    python -m tests.benchmarks.request_list [ROWS]

A few hundred requests go the real way, in every state; the rest are copies of them with ids, numbers and days of their
own, so that every column holds what the product writes. Measured from request to response, in a database of its own.
"""

import logging
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import django
import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complere import env

BUDGET_MS = 100
BUDGET_QUERIES = 12
ROUNDS = 40
SEEDS = {"delivered": 340, "received": 20, "validated": 20, "in_progress": 20}
MOMENTS = ("received_at", "filed_at", "due_at", "validated_at", "closed_at")
NAMES = ("Jonas Weber", "Ada Byron", "Zoë Müller", "Li Wei", "Omar Haddad", "Ingrid Voss", "Tom Hart", "Mia Sørensen")


def main(rows: int) -> int:
    from tenants import schemas
    from tests import cast, database

    logging.disable(logging.INFO)
    with database.clone("bench", database.template()) as name, database.pointed_at(name):
        with schemas.inside(cast.tenant("globex")):
            seed({"received": 30})
            control = _browser("gil", "globex.localhost")
        with schemas.inside(cast.tenant("acme")):
            seed(SEEDS)
            multiply(rows)
            settle(name)
            browser, views = _browser("ben", "acme.localhost"), _views()
        say("| list | median | p95 | same page of 30 rows: median | p95 | CPU of the web process | queries |")
        say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        worst = [_measure(browser, control, label, query) for label, query in views]
        connection.close()
    slow, asked = max(p95 for p95, _ in worst), max(queries for _, queries in worst)
    say(f"\nslowest p95 {slow:.0f} ms (budget {BUDGET_MS}), most queries {asked} (budget {BUDGET_QUERIES})")
    return int(slow >= BUDGET_MS or asked > BUDGET_QUERIES)


def seed(wanted: dict[str, int]) -> None:
    """Requests that went the real way, over all rights and names."""
    from privacy.subject_requests.catalogue import Right
    from privacy.subject_requests.states import State
    from tests.privacy.subject_requests.filings import in_state

    rights, number = list(Right), 0
    begins = datetime.now(UTC) - timedelta(days=40)
    for state, count in wanted.items():
        for _ in range(count):
            at = begins + timedelta(hours=2 * number % 900)
            name, mail = NAMES[number % len(NAMES)], f"person{number}@example.org"
            in_state(State(state), at, right=rights[number % len(rights)], subject_name=name, subject_email=mail)
            number += 1


def multiply(rows: int) -> None:
    """Copies of every request and of its deadlines, each some days apart."""
    from privacy.deadlines.models import Deadline
    from privacy.subject_requests.models import SubjectRequest

    times = rows // sum(SEEDS.values()) - 1
    copies = f"CROSS JOIN generate_series(1, {times}) n"
    shift = "make_interval(hours => (n * 7) % 700)"
    requests = {name: f"r.{name} - {shift}" for name in MOMENTS}
    requests["id"] = "md5(r.id::text || n)::uuid"
    requests["reference"] = "'DSR-2025-' || lpad((row_number() OVER ())::text, 6, '0')"
    deadlines = {name: f"d.{name} - {shift}" for name in ("started_at", "due_at", "met_at")}
    deadlines["id"] = "gen_random_uuid()"
    deadlines["subject"] = "'privacy.subjectrequest:' || md5(split_part(d.subject, ':', 2) || n)::uuid"
    deadlines["next_alarm_at"] = "NULL"
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        # Deadlines first: they are copied from those of the seeds alone.
        cursor.execute(f"{_copy(Deadline, 'd', deadlines)} FROM privacy_deadline d {copies}")
        cursor.execute(f"{_copy(SubjectRequest, 'r', requests)} FROM privacy_subjectrequest r {copies}")
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL) FROM privacy_subjectrequest")
        every, still_open = cursor.fetchone()
    say(f"{every:,} requests, {still_open:,} of them open")


def settle(name: str) -> None:
    """What autovacuum does within minutes of such a load; the runtime role may not."""
    server = urlsplit(env.secret("DATABASE_ADMIN_URL"))._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _copy(model: type, alias: str, changed: dict[str, str]) -> str:
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(column, f'{alias}."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values}"


def _browser(who: str, host: str) -> Client:
    from tests import cast

    return cast.browser(cast.person(who), cast.tenant(host.partition(".")[0]))


def _views() -> list[tuple[str, str]]:
    from tests import cast

    return [
        ("open, due first", ""),
        ("open, due last", "sort=-due"),
        ("all", "state=all"),
        ("all, last page", "state=all&page=999999"),
        ("delivered, page 1000", "state=delivered&page=1000"),
        ("one type", "state=all&right=erasure"),
        ("overdue", "due=overdue"),
        ("due within 7 days", "due=week"),
        ("assigned to nobody", "assignee=nobody"),
        ("assigned to one", f"state=all&assignee={cast.person('ben').pk}"),
        ("a word of a name", "state=all&words=müller"),
        ("two words of a name", "state=all&words=zoë+müller"),
        ("a name that nobody has", "state=all&words=nobody"),
        ("whole e-mail address", "state=all&words=person7@example.org"),
        ("reference", "state=all&words=DSR-2025-004711"),
    ]


def _measure(browser: Client, control: Client, label: str, query: str) -> tuple[float, int]:
    """Each round asks the long list and, right after it, a short one: what the machine does besides slows both."""
    url = f"/requests/?{query}"
    assert browser.get(url).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        browser.get(url)
    queries, took, beside, cpu = len(captured), [], [], 0.0
    for _ in range(ROUNDS):
        used = time.process_time()
        took.append(_milliseconds(browser, url))
        cpu += (time.process_time() - used) * 1000 / ROUNDS
        beside.append(_milliseconds(control, "/requests/"))
    figures = [statistics.median(took), _p95(took), statistics.median(beside), _p95(beside), cpu]
    say(f"| {label} | {' | '.join(f'{figure:.0f} ms' for figure in figures)} | {queries} |")
    return _p95(took), queries


def _milliseconds(browser: Client, url: str) -> float:
    began = time.perf_counter()
    browser.get(url)
    return (time.perf_counter() - began) * 1000


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    env.put_default("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
