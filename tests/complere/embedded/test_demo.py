"""When a demo cannot start: one line, exit code 2, and nothing left running."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from complere.embedded import demo, locks, place, ports, processes
from complere.embedded.fingerprint import fingerprint
from tests.complere.embedded.processes import ROOT, run


@pytest.fixture
def squatter():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_taken_port_is_said_in_one_line(empty_dir, squatter):
    result = run(sys.executable, "manage.py", "demo", DATA_DIR=str(empty_dir), PORT=str(squatter))
    expected = f"Port {squatter} is taken: stop what listens there, or choose another with PORT=8001.\n"
    assert (result.returncode, result.stderr) == (2, expected)
    assert not (empty_dir / "secrets.json").exists()


def test_a_data_folder_of_another_demo_is_said_in_one_line(empty_dir):
    empty_dir.mkdir()
    held = locks.take(empty_dir / "demo.lock")
    for options in ([], ["--erase"]):
        result = run(
            sys.executable, "manage.py", "demo", *options, DATA_DIR=str(empty_dir), PORT=str(ports.free_port())
        )
        expected = f"Another demo uses {empty_dir}: stop it, or choose another folder with DATA_DIR.\n"
        assert (result.returncode, result.stderr) == (2, expected)
    os.close(held)


@pytest.mark.parametrize("port", ["eight", "0", "70000"])
def test_a_port_that_is_none_is_said_in_one_line(empty_dir, port):
    result = run(sys.executable, "manage.py", "demo", DATA_DIR=str(empty_dir), PORT=port)
    expected = f"PORT must be a whole number at least 1 and at most 65535, but it is {port!r}.\n"
    assert (result.returncode, result.stderr) == (2, expected)


def test_a_make_without_a_new_enough_python_says_so_and_exits_2(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9;; *) exit 1;; esac\n')
    old.chmod(0o755)
    for name in ("Makefile", "complere/deploy/install.sh", "complere/deploy/find_python.sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "requirements").mkdir()
    for name in ("installer.txt", "runtime.txt"):
        (tmp_path / "requirements" / name).touch()
    result = subprocess.run(
        ["make", "demo", f"PYTHON={old}"], cwd=tmp_path, env={"PATH": os.defpath, "PYTHON": str(old)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    first = result.stderr.splitlines()[0]
    assert first.startswith(f"Python 3.11 or newer is needed: {old} is 3.9; install one")
    assert result.returncode == 2
    assert not (tmp_path / ".venv").exists()


def test_the_python_that_is_found_is_new_enough():
    found = run("sh", "complere/deploy/find_python.sh", PYTHON=sys.executable)
    assert (found.returncode, found.stdout.strip()) == (0, sys.executable)


def test_what_a_killed_demo_left_is_ended_by_the_next(empty_dir, squatter):
    (empty_dir / "run").mkdir(parents=True)
    code = "import time; time.sleep(60)"
    left = processes.Program("web", [sys.executable, "-c", code], {}, Path("/"), empty_dir / "web.log")
    process = processes.launch(empty_dir, left)
    run(sys.executable, "manage.py", "demo", DATA_DIR=str(empty_dir), PORT=str(squatter))
    assert process.wait(timeout=10) == -15


def test_erasing_removes_everything(empty_dir):
    (empty_dir / "postgres").mkdir(parents=True)
    result = run(sys.executable, "manage.py", "demo", "--erase", DATA_DIR=str(empty_dir))
    assert (result.returncode, result.stdout) == (0, f"Removed {empty_dir}.\n")
    assert not empty_dir.exists()


def test_the_folder_of_an_outside_place_must_be_ours_alone(tmp_path):
    (tmp_path / place.POINTER).write_text(str(tmp_path / "link"))
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(place.PlaceRefused, match="is not a folder that only root can change"):
        place.erase(tmp_path)


def test_accounts_are_shown_as_a_table():
    rows = [{"host": "acme.localhost", "role": "admin"}, {"host": "a.b", "role": "privacy officer"}]
    assert demo.table(rows) == ["", "Host            Role", "acme.localhost  admin", "a.b             privacy officer"]
    assert demo.table([]) == []


def test_children_are_started_without_the_key_of_the_owner(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner")
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgresql://admin")
    monkeypatch.setenv("DATABASE_URL", "postgresql://runtime")
    run_of_it = demo.Demo(tmp_path, 8000, embedded=True, ended=None)
    made = demo._program(run_of_it, "web", demo.web_command(8000)).environment
    assert [name for name in made if name.startswith("DATABASE_")] == ["DATABASE_URL"]


def test_the_fingerprint_follows_what_prepares_the_database(tmp_path):
    migration = tmp_path / "audit" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("a")
    (tmp_path / "audit" / "views.py").write_text("a")
    first = fingerprint(tmp_path, "embedded")
    (tmp_path / "audit" / "views.py").write_text("b")
    assert fingerprint(tmp_path, "embedded") == first
    migration.write_text("b")
    second = fingerprint(tmp_path, "embedded")
    assert len({first, second, fingerprint(tmp_path, "postgresql://another")}) == 3
