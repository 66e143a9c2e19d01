"""The one door into a schema, under threads and rolled-back savepoints."""

import threading
from collections import Counter

import pytest
from django.db import connection, transaction

from tenants import schemas
from tenants.members.accounts.models import User
from tests import cast

BLOCKS = 200


def server() -> tuple[str, str]:
    """Role and schema as PostgreSQL itself sees them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        role, schema = cursor.fetchone()
    return role, schema


def names() -> set[str]:
    return {user.full_name for user in User.objects.all()}


def test_two_threads_in_turn_in_both_tenants_never_see_another(committed_db):
    tenants = {key: cast.tenant(key) for key in ("acme", "globex")}
    expected = {"acme": {p.name for p in cast.ACME.values()}, "globex": {p.name for p in cast.GLOBEX.values()}}
    together, outcomes, wrong = threading.Barrier(2), Counter(), []

    def alternate(first: int) -> None:
        together.wait()
        for turn in range(BLOCKS):
            key = ("acme", "globex")[(turn + first) % 2]
            with schemas.inside(tenants[key]):
                seen, where = names(), server()
            if seen != expected[key] or where != (tenants[key].schema_name,) * 2:
                wrong.append((key, seen, where))
            outcomes[key] += 1
        connection.close()

    threads = [threading.Thread(target=alternate, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert outcomes == {"acme": BLOCKS, "globex": BLOCKS}


def test_a_block_ends_where_it_began_even_when_it_breaks(acme, globex):
    with schemas.inside(acme):
        with pytest.raises(RuntimeError, match="half way"), schemas.inside(globex):
            raise RuntimeError("half way")
        assert (schemas.current_schema(), server()[1]) == (acme.schema_name, acme.schema_name)
    assert (schemas.is_platform(), server()) == (True, ("complere_platform", "public"))


def undo_after_a_visit_to(tenant) -> None:
    """A savepoint in which another schema was entered and left, rolled back."""
    with transaction.atomic():
        with schemas.inside(tenant):
            assert server()[1] == tenant.schema_name
        raise RuntimeError("undo")


def test_after_a_rolled_back_savepoint_python_and_server_agree(acme, globex):
    with schemas.inside(acme):
        with pytest.raises(RuntimeError, match="undo"):
            undo_after_a_visit_to(globex)
        assert server() == (acme.schema_name, acme.schema_name)
        assert names() == {part.name for part in cast.ACME.values()}


def test_a_savepoint_rolled_back_inside_the_other_schema_leaks_nothing(acme, globex):
    with schemas.inside(acme):
        with schemas.inside(globex):
            with pytest.raises(RuntimeError, match="undo"):
                undo_after_a_visit_to(acme)
            assert names() == {part.name for part in cast.GLOBEX.values()}
        assert server() == (acme.schema_name, acme.schema_name)


def test_blocks_nest(acme, globex):
    with schemas.inside(acme), schemas.inside(globex), schemas.on_platform(), schemas.inside(acme):
        assert (schemas.current().schema_name, server()[1]) == (acme.schema_name, acme.schema_name)


def test_a_tenant_table_is_never_looked_for_in_public(acme):
    with schemas.inside(acme), connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone()[0].replace('"', "") == f"{acme.schema_name}, audit_{acme.schema_name}, extensions"
