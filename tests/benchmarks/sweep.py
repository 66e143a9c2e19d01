"""The sweep over many tenants: what it costs when nothing is due, and how fast several sweepers ring what is.

    .venv/bin/python -m tests.benchmarks.sweep [--tenants 10000] [--deadlines 100] [--due 500] [--sweepers 4] [--full]

Starts a PostgreSQL of its own in a folder that is removed at the end. `--due` alarms are due, each in another tenant:
the worst case, since each costs a visit. With `--full` each tenant gets its whole schema through `doors.provision`;
otherwise only the tables that a visit touches, which are found by looking. Exits 1 when the budget is missed:
everything rung exactly once within 10 seconds, and one query when nothing is due.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.deployment import ROOT, SETUP, Deployment

BUDGET_SECONDS = 10.0
IDLE_ROUNDS = 200
BATCH = 25
KIND, RECORD = "dsr.statutory", "privacy.subjectrequest:00000000-0000-0000-0000-000000000000"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    options = arguments()
    with Deployment(durable=False) as house:
        house.manage("install_platform")
        took = {"making the tenants": timed(lambda: make_tenants(house, options))}
        took["writing the deadlines"] = timed(lambda: write_deadlines(house, options))
        took["the last checkpoint"] = timed(house.make_durable)
        idle = house.python(f"from tests.benchmarks import sweep; sweep.idle({IDLE_ROUNDS})")
        due = let_fall_due(house, options)
        seconds, swept = race(house, options.sweepers)
        again = house.python(f"from tests.benchmarks import sweep; sweep.idle({IDLE_ROUNDS})")
        rung = count_alarms(house)
        size = house.sql("SELECT pg_size_pretty(pg_database_size(current_database())), count(*) FROM pg_class")[0]
    report(options, [took, idle, again, seconds, swept, rung, size])
    once = sorted(rung) == sorted((deadline, 1) for deadline in due)
    return 0 if once and seconds < BUDGET_SECONDS and idle["queries"] == again["queries"] == 1 else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--deadlines", type=int, default=100, help="open deadlines of each tenant")
    parser.add_argument("--due", type=int, default=500, help="alarms due, each in another tenant")
    parser.add_argument("--sweepers", type=int, default=4, help="processes")
    parser.add_argument("--full", action="store_true", help="whole schemas, as provisioned")
    return parser.parse_args()


def timed(work: Any) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


# --- Preparing, in the orchestrating process, as the administrator ---------------------------------


def make_tenants(house: Deployment, options: argparse.Namespace) -> None:
    """The first through the product's own action; the others as many alike, in SQL."""
    first = house.python("from tests.benchmarks import sweep; sweep.first_tenant()")
    tables = [] if options.full else touched(house)
    names = [f"t_{number:012}" for number in range(1, options.tenants)]
    for begin in range(0, len(names), BATCH):
        with house.connected().transaction():
            for name in names[begin : begin + BATCH]:
                house.sql(REGISTER, name, first["schema"])
                if options.full:
                    house.sql("SELECT doors.provision(%s)", name)
                else:
                    make_lean(house, name, first["schema"], tables)


# A tenant like the first one, under another name.
REGISTER = """
    INSERT INTO public.tenants_tenant
    SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', gen_random_uuid(), 'schema_name', new.name, 'origin', 'http://' || new.name || '.example'))).*
    FROM public.tenants_tenant t, (SELECT %s::text AS name) new WHERE t.schema_name = %s
"""


def touched(house: Deployment) -> list[str]:
    """The tables that a visit asks for, found by watching one that rings an alarm."""
    found = house.python("from tests.benchmarks import sweep; sweep.watch_a_visit()")
    return [str(name) for name in found]


def make_lean(house: Deployment, name: str, like: str, tables: list[str]) -> None:
    schema, source = sql.Identifier(name), sql.Identifier(like)
    house.connected().execute(sql.SQL("CREATE ROLE {} NOLOGIN; GRANT {} TO complere_runtime").format(schema, schema))
    house.connected().execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    for table in tables:
        house.connected().execute(
            sql.SQL("CREATE TABLE {}.{} (LIKE {}.{} INCLUDING ALL)").format(
                schema, sql.Identifier(table), source, sql.Identifier(table)
            )
        )
    house.sql("SELECT doors.grant_rights(%s, %s)", name, name)


DEADLINES = """
    INSERT INTO {schema}.privacy_deadline (id, subject, kind, basis, title, state, state_changed_at, started_at, due_at,
        time_zone, calendar_version, computation, alarms, next_alarm_at)
    SELECT gen_random_uuid(), %(record)s, %(kind)s, 'law', 'Answer to the person', 'running', %(began)s, %(began)s,
        at, 'Europe/Berlin', '', '{{"steps": []}}', '[0]', at
    FROM (SELECT now() + interval '1 day' * (10 + number) AS at FROM generate_series(1, %(many)s) AS number) moments
"""


def write_deadlines(house: Deployment, options: argparse.Namespace) -> None:
    values = {"record": RECORD, "kind": KIND, "began": BEGAN, "many": options.deadlines}
    names = schemas_of(house)
    for begin in range(0, len(names), BATCH):
        with house.connected().transaction():
            for name in names[begin : begin + BATCH]:
                house.connected().execute(sql.SQL(DEADLINES).format(schema=sql.Identifier(name)), values)
    house.sql("TRUNCATE tenants_wakeup")
    asleep = "SELECT schema_name, now() + interval '11 days' FROM tenants_tenant"
    house.sql(f"INSERT INTO tenants_wakeup (schema_name, due_at) {asleep}")
    house.sql("VACUUM ANALYZE tenants_wakeup")
    house.sql("CHECKPOINT")


def let_fall_due(house: Deployment, options: argparse.Namespace) -> list[str]:
    """One alarm in each of `--due` tenants is due; their ids."""
    chosen = random.Random(1).sample(schemas_of(house), options.due)
    due = []
    with house.connected().transaction():
        for name in chosen:
            statement = sql.SQL(
                "UPDATE {0}.privacy_deadline SET due_at = now(), next_alarm_at = now() "
                "WHERE id = (SELECT id FROM {0}.privacy_deadline ORDER BY due_at LIMIT 1) RETURNING id"
            ).format(sql.Identifier(name))
            due += [str(pk) for (pk,) in house.connected().execute(statement)]
        house.sql("UPDATE tenants_wakeup SET due_at = now() WHERE schema_name = ANY(%s)", chosen)
    return due


def schemas_of(house: Deployment) -> list[str]:
    rows = house.sql("SELECT schema_name FROM tenants_tenant WHERE schema_name <> 'public' ORDER BY 1")
    return [str(name) for (name,) in rows]


def count_alarms(house: Deployment) -> list[tuple[str, int]]:
    """How often each deadline rang, in all tenants; those that are overdue without having rung count 0."""
    statement = """
        SELECT d.id, count(a.id) FROM {0}.privacy_deadline d LEFT JOIN {0}.privacy_alarm a ON a.deadline_id = d.id
        GROUP BY d.id, d.state HAVING count(a.id) > 0 OR d.state <> 'running'"""
    found = []
    for name in schemas_of(house):
        rows = house.connected().execute(sql.SQL(statement).format(sql.Identifier(name)))
        found += [(str(pk), int(count)) for pk, count in rows]
    return found


# --- Measuring -----------------------------------------------------------------------------------


def race(house: Deployment, sweepers: int) -> tuple[float, list[dict[str, Any]]]:
    """Seconds from the start shot to the end of the last sweeper, and what each of them did."""
    code = f"{SETUP}from tests.benchmarks import sweep; sweep.run_once()"
    with ExitStack() as stack:
        runners = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code], cwd=ROOT, env=house.environment, text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                )
            )
            for _ in range(sweepers)
        ]  # fmt: skip
        for runner in runners:
            assert runner.stdout is not None
            assert runner.stdout.readline() == "ready\n"
        began = time.monotonic()
        for runner in runners:
            assert runner.stdin is not None
            runner.stdin.write("go\n")
            runner.stdin.flush()
        told = [json.loads(runner.stdout.readline()) for runner in runners if runner.stdout is not None]
        return time.monotonic() - began, told


def report(options: argparse.Namespace, measured: list[Any]) -> None:
    took, idle, again, seconds, swept, rung, (size, relations) = measured
    kind = "whole schemas" if options.full else "schemas with only the tables a visit touches"
    each = [count for _, count in rung]

    def cost(side: str) -> str:
        visits = sum(one["schemas"] for one in swept) or 1
        return f"{sum(one[f'{side}_seconds'] for one in swept) / visits * 1000:.0f} ms"

    rows: Iterable[tuple[str, str]] = [
        ("tenants × open deadlines", f"{options.tenants:,} × {options.deadlines} ({kind})"),
        ("database", f"{size}, {relations:,} relations"),
        *((name, f"{value:.0f} s") for name, value in took.items()),
        ("idle sweep", f"{idle['queries']} query, {idle['median_ms']:.2f} ms median, {idle['worst_ms']:.2f} ms worst"),
        ("idle sweep after the work", f"{again['queries']} query, {again['median_ms']:.2f} ms median"),
        (f"{options.due} due alarms, {options.sweepers} sweepers", f"{seconds:.2f} s (budget {BUDGET_SECONDS:.0f} s)"),
        ("rung exactly once", f"{each.count(1)} of {options.due}; otherwise {len(each) - each.count(1)}"),
        ("schemas visited by each sweeper", ", ".join(str(one["schemas"]) for one in swept)),
        ("processor time of a visit", f"{cost('client')} sweeper, {cost('server')} database"),
        ("memory of each database backend", ", ".join(f"{one['backend_mb']:.0f} MB" for one in swept)),
    ]
    for name, value in rows:
        print(f"| {name} | {value} |")  # noqa: T201  the table is the product of this script


# --- Inside a process of the product: Django is set up -----------------------------------------------


def first_tenant() -> None:
    from audit import context
    from tenants.tenancy import actions

    tenant = actions.provision(
        name="First", origin="http://first.example", region="eu-central", actor=context.service("benchmark"),
        now=BEGAN, reason="Measure the sweep",
    )  # fmt: skip
    print(json.dumps({"schema": tenant.schema_name}))  # noqa: T201


def watch_a_visit() -> None:
    """Ring an alarm in the first tenant and undo it; the names of the tables that were asked for."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from privacy.deadlines.models import Deadline
    from tenants import schemas
    from tenants.tenancy import queries
    from tenants.wakeups import actions

    now = datetime.now(UTC)
    tenant = queries.customers().get()
    with transaction.atomic():
        with schemas.inside(tenant), connection.cursor() as cursor:
            values = {"record": RECORD, "kind": KIND, "began": BEGAN, "many": 1}
            cursor.execute(DEADLINES.format(schema=f'"{tenant.schema_name}"'), values)
            Deadline.objects.update(due_at=now, next_alarm_at=now)
        with CaptureQueriesContext(connection) as captured:
            assert actions.work(tenant, now=now).done == 1
        transaction.set_rollback(True)
    named = set(re.findall(r'(?:FROM|JOIN|INTO|UPDATE) "(?!tenants_)(\w+)"', "\n".join(q["sql"] for q in captured)))
    print(json.dumps(sorted(named)))  # noqa: T201


def idle(rounds: int) -> None:
    """What a sweep costs when nothing is due."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from tenants.wakeups import actions

    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        assert actions.sweep(clock=timezone.now).schemas == 0
        spent.append((time.perf_counter() - began) * 1000)
    with CaptureQueriesContext(connection) as captured:
        actions.sweep(clock=timezone.now)
    asked = [query for query in captured if query["sql"] not in ("BEGIN", "COMMIT")]
    told = {"queries": len(asked), "median_ms": statistics.median(spent), "worst_ms": max(spent)}
    print(json.dumps(told))  # noqa: T201


def run_once() -> None:
    """Connect, wait for the start shot, sweep once, and tell what was done and what it cost."""
    from django.db import connection
    from django.utils import timezone

    from tenants.wakeups import actions

    connection.ensure_connection()
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    line: psycopg.Connection[Any] = connection.connection
    before, ours = server_cost(line), time.process_time()
    swept = actions.sweep(clock=timezone.now, seconds=300)
    line = connection.connection
    after = server_cost(line)
    told = {
        "schemas": swept.schemas,
        "done": swept.done,
        "client_seconds": time.process_time() - ours,
        "server_seconds": after["seconds"] - before["seconds"],
        "backend_mb": after["mb"],
    }
    print(json.dumps(told), flush=True)  # noqa: T201


def server_cost(line: "psycopg.Connection[Any]") -> dict[str, float]:
    """Processor seconds and private memory of the backend behind a connection, as Linux counts them."""
    process = Path("/proc") / str(line.info.backend_pid)
    if not process.exists():
        return {"seconds": 0.0, "mb": 0.0}
    ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    memory = re.search(r"RssAnon:\s+(\d+)", (process / "status").read_text())
    seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return {"seconds": seconds, "mb": int(memory[1]) / 1024 if memory else 0.0}


if __name__ == "__main__":
    sys.exit(main())
