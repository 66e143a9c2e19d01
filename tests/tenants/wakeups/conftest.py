from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from tenants import chores, schemas
from tenants.tenancy.models import Tenant
from tenants.wakeups import actions, queries
from tests import cast

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_reviews() -> Iterator[None]:
    """Reviews of access come round for ever: with them a schema is never without a next moment."""
    reviews = chores._chores.pop("access reviews")
    yield
    chores.register(reviews)


@pytest.fixture
def only_chores() -> Iterator[Callable[..., chores.Chore]]:
    """The registry, emptied for one test; call it to register a chore there."""
    before = dict(chores._chores)
    chores._chores.clear()

    def add(name: str, run: Callable[[datetime], int], next_due: Callable[[], datetime | None]) -> chores.Chore:
        chore = chores.Chore(name, run, next_due)
        chores.register(chore)
        return chore

    yield add
    chores._chores.clear()
    chores._chores.update(before)


@pytest.fixture
def tenants(committed_db: str) -> dict[str, Tenant]:
    """Acme and Globex in a database where commits are real, with nothing to do."""
    everyone = {name: cast.tenant(name) for name in ("acme", "globex", "localhost")}
    for tenant in everyone.values():
        actions._forget(tenant.schema_name)
    return everyone


def wake(tenant: Tenant, at: datetime = NOW) -> None:
    with schemas.inside(tenant):
        actions.wake(at)


def wakeups(tenant: Tenant) -> list[datetime]:
    """The moments at which this tenant's schema is to be looked into."""
    with schemas.on_platform():
        return list(queries.of(tenant.schema_name).order_by("due_at").values_list("due_at", flat=True))


def at_once(number: int, work: Callable[[], Any]) -> list[Any]:
    """What `number` threads return that begin `work` at the same moment, each on its own connection."""
    answers: list[Any] = []
    barrier = Barrier(number)

    def run() -> None:
        try:
            barrier.wait(timeout=10)
            answers.append(work())
        except Exception as failure:  # noqa: BLE001  the test looks at it
            answers.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


def elsewhere(work: Callable[[], Any]) -> Any:
    """What `work` returns on another connection, as in another process."""
    (answer,) = at_once(1, work)
    if isinstance(answer, Exception):
        raise answer
    return answer


def standing(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still, but not for ever: a sweep that spins ends, and its test fails."""
    calls = count()
    return lambda: moment if next(calls) < 600 else moment + timedelta(days=1)
