"""`manage.py prepare_database` on the server of the session, as an administrator would run it."""

import secrets
import sys

import psycopg
import pytest

from complere import env
from complere.embedded import roles
from complere.management.commands import prepare_database
from tests.complere.embedded.processes import run


@pytest.fixture
def database():
    name = f"test_prepare_{secrets.token_hex(4)}"
    yield name
    with psycopg.connect(env.secret("DATABASE_ADMIN_URL"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def prepare(*options, **values):
    return run(sys.executable, "manage.py", "prepare_database", *options, **values)


def logins(database):
    with psycopg.connect(env.secret("DATABASE_ADMIN_URL")) as server:
        question = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
        return server.execute(question, [database]).fetchall()


def test_passwords_that_are_known_are_set_and_not_shown(database):
    known = {
        name: env.secret(name) for name in ("DATABASE_ADMIN_URL", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    }
    for _ in range(2):
        result = prepare("--database", database, **known)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert logins(database) == [("complere_owner",)]
    psycopg.connect(known["DATABASE_URL"]).close()


def test_roles_that_exist_keep_passwords_that_are_not_given(database):
    result = prepare("--database", database, "--admin-url", env.secret("DATABASE_ADMIN_URL"))
    lines = [line.split("@")[0] for line in result.stdout.splitlines()]
    assert lines == [
        "DATABASE_URL=postgresql://complere_runtime:<unchanged>",
        "DATABASE_OWNER_URL=postgresql://complere_owner:<unchanged>",
    ]
    psycopg.connect(env.secret("DATABASE_URL")).close()


def test_new_logins_get_new_passwords():
    made = prepare_database.with_new_ones({roles.RUNTIME: None, roles.OWNER: "given"}, frozenset())
    assert (len(made[roles.RUNTIME]), made[roles.OWNER]) == (43, "given")
    assert prepare_database.with_new_ones({roles.RUNTIME: None}, frozenset({roles.RUNTIME})) == {roles.RUNTIME: None}


def test_an_address_keeps_place_and_options_of_the_administrator():
    made = prepare_database.address(
        "postgresql://postgres:x@db.internal:5433/postgres?sslmode=require", "a", "p/w", "c"
    )
    assert made == "postgresql://a:p%2Fw@db.internal:5433/c?sslmode=require"


def test_the_login_of_somebody_else_is_refused(database):
    result = prepare(
        "--database", database, "--admin-url", env.secret("DATABASE_ADMIN_URL"),
        DATABASE_URL="postgresql://postgres:x@db/c", REDIS_URL="redis://q",
    )  # fmt: skip
    assert result.returncode == 2
    assert "DATABASE_URL must be an address with the login complere_runtime and a password" in result.stderr
    assert logins(database) == []


def test_an_administrator_must_be_named():
    result = prepare()
    assert result.returncode == 2
    assert "DATABASE_ADMIN_URL must be set to a secret" in result.stderr


def test_a_server_that_does_not_answer_is_said_plainly():
    result = prepare("--admin-url", "postgresql://postgres:x@127.0.0.1:1/postgres")
    assert result.returncode == 1
    assert result.stderr.startswith("CommandError: The server refused: ")
