"""How fast a whole trail is checked from the database, and placed in its log before that.

    .venv/bin/python -m tests.benchmarks.audit_verify [--events 1000000] [--records 50000]

Starts a PostgreSQL of its own in a folder that is removed at the end. Every event is one that the product's own trigger
wrote: all records are changed round after round. Exits 1 below 100,000 events a second, or when anything is found.
"""

import argparse
import json
import sys
import time
from typing import Any

from tests.benchmarks.sweep import server_cost
from tests.deployment import Deployment

BUDGET = 100_000
SIZE = """
    SELECT pg_size_pretty(sum(pg_total_relation_size(oid))) FROM pg_class
    WHERE relnamespace = %s::regnamespace AND relkind = 'r'
"""


def main() -> int:
    options = arguments()
    with Deployment(durable=False) as house:
        house.manage("install_platform")
        call = "from tests.benchmarks import audit_verify, audit_write;"
        schema = house.python(f"{call} audit_write.prepare({options.records}, padding=240)")["schema"]
        wrote = house.python(f"{call} audit_verify.write({schema!r}, {options.events}, {options.records})")
        placed = house.python(f"{call} audit_verify.place({schema!r})")
        house.sql("VACUUM ANALYZE")
        house.make_durable()
        runs = [house.python(f"{call} audit_verify.check({schema!r})") for _ in range(options.runs)]
        bytes_ = house.sql(f"SELECT avg(length(payload))::int FROM audit_{schema}.ledger_event")[0][0]
        size = house.sql(SIZE, f"audit_{schema}")[0][0]
    best = min(run["seconds"] for run in runs)
    rate = runs[0]["size"] / best
    rows: list[tuple[str, str]] = [
        ("events, average payload", f"{runs[0]['size']:,}, {bytes_:,} bytes"),
        ("records", f"{options.records:,}"),
        ("ledger on disk with all indexes", str(size)),
        ("written, every one by the trigger", f"{wrote['seconds']:.0f} s, {wrote['rate']:,.0f} a second"),
        ("placed in the log and signed", f"{placed['seconds']:.1f} s, {placed['rate']:,.0f} a second"),
        ("signed heads compared", f"{runs[0]['heads']:,}"),
        ("checked whole, with all records compared", ", ".join(f"{run['seconds']:.1f} s" for run in runs)),
        ("processor time of an event", f"{micros(runs, 'client')} here, {micros(runs, 'server')} in the database"),
        ("best run", f"{rate:,.0f} events a second (budget {BUDGET:,})"),
        ("found", ", ".join(runs[0]["findings"]) or "nothing"),
    ]
    for name, value in rows:
        print(f"| {name} | {value} |")  # noqa: T201  the table is the product of this script
    return 0 if rate >= BUDGET and all(run["sound"] for run in runs) else 1


def micros(runs: list[dict[str, Any]], side: str) -> str:
    """Both work at the same time, each on a core of its own where there is one."""
    return f"{min(run[side] / run['size'] for run in runs) * 1e6:.1f} µs"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


# --- Inside a process of the product: Django is set up -----------------------------------------------


def write(schema: str, events: int, records: int) -> None:
    """Change every record until there are so many events."""
    from types import SimpleNamespace

    from audit import context
    from privacy.deadlines.models import Deadline
    from tenants import schemas

    began = time.perf_counter()
    rounds = max(events // records - 1, 0)
    with schemas.inside(SimpleNamespace(schema_name=schema)):
        for number in range(rounds):
            with context.regulated_write(actor=context.service("benchmark"), reason="Measure checks"):
                Deadline.objects.update(title=f"Answer to the person, round {number}")
    _tell(rounds * records, began)


def place(schema: str) -> None:
    from types import SimpleNamespace

    from django.utils import timezone

    from audit.sequencer import actions
    from tenants import schemas

    began = time.perf_counter()
    with schemas.inside(SimpleNamespace(schema_name=schema)):
        placed = actions.sequence(now=timezone.now())
    _tell(placed, began)


def check(schema: str) -> None:
    """As `manage.py verify_trail` does it, with what it cost."""
    from types import SimpleNamespace

    from django.db import connection
    from django.utils import timezone

    from audit.verification.adapters import checker
    from tenants import schemas
    from tenants.books import queries

    known = queries.known_heads(schema)
    with schemas.inside(SimpleNamespace(schema_name=schema)):
        connection.ensure_connection()
        server, ours = server_cost(connection.connection)["seconds"], time.process_time()
        report = checker.check(schema=schema, now=timezone.now(), known=known)
        said: dict[str, Any] = {"size": report.size, "heads": report.heads, "seconds": report.seconds}
        said |= {"sound": report.is_sound, "findings": [str(found) for found in report.findings]}
        said |= {"client": time.process_time() - ours}
        said |= {"server": server_cost(connection.connection)["seconds"] - server}
    print(json.dumps(said))  # noqa: T201


def _tell(count: int, began: float) -> None:
    seconds = time.perf_counter() - began
    said: dict[str, Any] = {"count": count, "seconds": seconds, "rate": count / seconds}
    print(json.dumps(said))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
