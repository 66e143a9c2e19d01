"""What a regulated write costs: a bare save, with history, with the ledger, with both; one writer and eight.

    .venv/bin/python -m tests.benchmarks.audit_write [--rounds 5] [--seconds 3] [--writers 8]

Starts a PostgreSQL of its own in a folder that is removed at the end. The four ways take turns within each round, so
that whatever else the machine does hits all alike. Processor time is that of the application and of its database
backend together. Exits 1 when a save with both costs more than 3.0 times the processor time of a bare one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from tests.benchmarks.sweep import server_cost
from tests.deployment import ROOT, SETUP, Deployment

BUDGET = 3.0
WAYS = ("bare", "history", "ledger", "both")
WORDS = {
    "bare": "bare save",
    "history": "readable history only",
    "ledger": "ledger only",
    "both": "history and ledger: the product",
}
TABLE = "privacy_deadline"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
Results = dict[tuple[str, int], list[dict[str, Any]]]


def main() -> int:
    options = arguments()
    with Deployment(durable=True) as house:
        house.manage("install_platform")
        code = f"from tests.benchmarks import audit_write; audit_write.prepare({options.writers})"
        schema = house.python(code)["schema"]
        results: Results = {(way, many): [] for way in WAYS for many in (1, options.writers)}
        with runners(house, schema, options.writers) as writers:
            for _ in range(options.rounds):
                for way in WAYS:
                    switch(house, schema, on=way in ("ledger", "both"))
                    for many in (1, options.writers):
                        results[way, many] += race(writers[:many], way, options.seconds)
            switch(house, schema, on=True)
        placed = house.python("from tests.benchmarks import audit_write; audit_write.sequence()")
    ratio = report(options, results, placed)
    return 0 if ratio <= BUDGET else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each way in each round")
    parser.add_argument("--writers", type=int, default=8, help="processes at once, beside the runs with one")
    return parser.parse_args()


@contextmanager
def runners(house: Deployment, schema: str, writers: int) -> "Iterator[list[subprocess.Popen[str]]]":
    """Processes of the product that wait for orders, each with a record of its own."""
    code = (
        f"{SETUP}import sys; from tests.benchmarks import audit_write; audit_write.obey({schema!r}, int(sys.argv[1]))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(number)], cwd=ROOT, env=house.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        for number in range(writers)
    ]  # fmt: skip
    try:
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        yield started
    finally:
        for each in started:
            each.kill()
            each.wait()


def race(writers: "list[subprocess.Popen[str]]", way: str, seconds: float) -> list[dict[str, Any]]:
    for each in writers:
        assert each.stdin is not None
        each.stdin.write(json.dumps({"way": way, "seconds": seconds}) + "\n")
        each.stdin.flush()
    return [json.loads(each.stdout.readline()) for each in writers if each.stdout is not None]


def switch(house: Deployment, schema: str, *, on: bool) -> None:
    """Take the triggers off, as only the server's own account can past the guard of the structure; or put them on."""
    history = f"{TABLE.replace('_', '_historical', 1)}"
    word = sql.SQL("ENABLE ALWAYS" if on else "DISABLE")
    line = house.connected()
    line.execute("SET session_replication_role = replica")
    for table, trigger in ((TABLE, "zz_audit"), (history, "stamp")):
        name = sql.Identifier(schema, table)
        line.execute(sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(name, word, sql.Identifier(trigger)))
    line.execute("RESET session_replication_role")


def report(options: argparse.Namespace, results: Results, placed: dict[str, Any]) -> float:
    """Prints the table; how many times the processor time of a bare save one with both takes, with one writer."""
    head = [f"{many} writer{'s' if many > 1 else ''}" for many in (1, options.writers)]
    print("| way | " + " | ".join(f"{h}: saves/s | p50 / p95 ms | CPU µs | × |" for h in head).replace("| |", "|"))  # noqa: T201
    print("| --- |" + " ---: |" * 8)  # noqa: T201
    bare = {many: cost(results["bare", many]) for many in (1, options.writers)}
    for way in WAYS:
        cells = []
        for many in (1, options.writers):
            runs = results[way, many]
            rate = sum(run["saves"] / run["seconds"] for run in runs) / options.rounds
            p50 = statistics.median(run["p50"] for run in runs)
            p95 = statistics.median(run["p95"] for run in runs)
            cells += [f"{rate:,.0f}", f"{p50:.2f} / {p95:.2f}", f"{cost(runs):,.0f}", f"{cost(runs) / bare[many]:.2f}"]
        print(f"| {WORDS[way]} | " + " | ".join(cells) + " |")  # noqa: T201
    print(f"\nPlacing {placed['events']:,} events in the log: {placed['micros']:.0f} µs of processor time each.")  # noqa: T201
    return cost(results["both", 1]) / bare[1]


def cost(runs: list[dict[str, Any]]) -> float:
    """Microseconds of processor time for one save, application and database."""
    return sum(run["cpu"] for run in runs) / sum(run["saves"] for run in runs) * 1e6


# --- Inside a process of the product: Django is set up -----------------------------------------------


def prepare(records: int, padding: int = 400) -> None:
    """A tenant with so many deadlines."""
    from audit import context
    from privacy.deadlines.models import Deadline
    from tenants import schemas
    from tenants.tenancy import actions

    clerk = context.service("benchmark")
    tenant = actions.provision(
        name="First",
        origin="http://first.example",
        region="eu-central",
        actor=clerk,
        now=BEGAN,
        reason="Measure writes",
    )
    steps = {"steps": ["x" * 80] * (padding // 80)}
    with schemas.inside(tenant), context.regulated_write(actor=clerk, reason="Measure writes"):
        Deadline.objects.bulk_create(
            [
                Deadline(
                    subject=f"privacy.subjectrequest:00000000-0000-0000-0000-{number:012}", kind="dsr.statutory",
                    basis="law", title="Answer to the person", state="running", state_changed_at=BEGAN,
                    started_at=BEGAN,
                    due_at=datetime(2030, 1, 1, tzinfo=UTC), time_zone="Europe/Berlin", calendar_version="",
                    computation=steps, alarms=[0], next_alarm_at=datetime(2030, 1, 1, tzinfo=UTC),
                )
                for number in range(records)
            ],
            batch_size=5_000,
        )  # fmt: skip
    print(json.dumps({"schema": tenant.schema_name}))  # noqa: T201


def obey(schema: str, number: int) -> None:
    """Save one record again and again, in the way and for the time that each line of the input says."""
    from types import SimpleNamespace

    from django.db import connection

    from privacy.deadlines.models import Deadline
    from tenants import schemas

    with schemas.inside(SimpleNamespace(schema_name=schema)):
        record = Deadline.objects.order_by("subject")[number]
        print("ready", flush=True)  # noqa: T201
        for line in sys.stdin:
            told = json.loads(line)
            backend = connection.connection
            server, ours, began = server_cost(backend)["seconds"], time.process_time(), time.perf_counter()
            times = saves(record, told["way"], told["seconds"])
            spent = time.perf_counter() - began
            cpu = time.process_time() - ours + server_cost(backend)["seconds"] - server
            times.sort()
            p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
            said = {"saves": len(times), "seconds": spent, "cpu": cpu, "p50": p50 * 1000, "p95": p95 * 1000}
            print(json.dumps(said), flush=True)  # noqa: T201


def saves(record: Any, way: str, seconds: float) -> list[float]:
    """How long each save took."""
    from django.db import transaction

    from audit import context

    clerk, times, until = context.service("benchmark"), [], time.perf_counter() + seconds
    record.skip_history_when_saving = way in ("bare", "ledger")
    if not record.skip_history_when_saving:
        del record.skip_history_when_saving
    while (began := time.perf_counter()) < until:
        record.title = f"Answer {began}"
        if way == "bare":
            with transaction.atomic():
                record.save()
        else:
            with context.regulated_write(actor=clerk, reason="Measure writes"):
                record.save()
        times.append(time.perf_counter() - began)
    return times


def sequence() -> None:
    """Place all that waits."""
    from django.db import connection
    from django.utils import timezone

    from tenants.books import actions

    connection.ensure_connection()
    server, ours = server_cost(connection.connection)["seconds"], time.process_time()
    placed = actions.sequence_all(clock=timezone.now, seconds=600).placed
    cpu = time.process_time() - ours + server_cost(connection.connection)["seconds"] - server
    print(json.dumps({"events": placed, "micros": cpu / max(placed, 1) * 1e6}))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
