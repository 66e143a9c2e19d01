"""Programs that are kept alive, with real processes."""

import os
import signal
import sys
import threading
import time
from threading import Event

import pytest

from complere.embedded import processes, supervisor
from complere.embedded.processes import Program
from complere.embedded.supervisor import DiesAgainAndAgain, Supervisor

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
WITH_A_CHILD = (
    "import subprocess, sys, time; subprocess.Popen(['sleep', '61']); print('up', flush=True); time.sleep(60)"
)


def program(folder, name, code="import time; print('up', flush=True); time.sleep(60)"):
    return Program(name, [sys.executable, "-c", code], {"PATH": os.defpath}, folder, folder / f"{name}.log")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    yield tmp_path
    for lock in (tmp_path / "run").glob("*.lock"):
        processes.stop(tmp_path, lock.stem, by=signal.SIGKILL)


def eventually(condition, seconds=15):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def watched(kept, ended):
    def watch():
        try:
            kept.watch(ended, list)
        except DiesAgainAndAgain as reason:
            said.append(str(reason))

    said = []
    thread = threading.Thread(target=watch)
    thread.start()
    return thread, said


def test_what_dies_is_started_again_and_all_stop_at_the_end(folder):
    lines, ended = [], Event()
    kept = Supervisor(folder, lines.append)
    kept.start(program(folder, "web"), patience=5)
    first = processes.running(folder, "web")
    thread, said = watched(kept, ended)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: processes.running(folder, "web") not in {first, None})
    ended.set()
    thread.join()
    kept.stop()
    assert processes.running(folder, "web") is None
    assert said == []
    assert lines == [f"web died; starting it again in 0.5 s (see {folder / 'web.log'})"]


def test_what_forked_children_outlive_is_started_again_without_them(folder):
    kept, ended = Supervisor(folder, lambda _line: None), Event()
    code = "import os, time; os.fork(); print('up', flush=True); time.sleep(60)"
    kept.start(program(folder, "web", code), patience=5)
    eventually(lambda: (folder / "web.log").read_text() == "up\nup\n")
    first = processes.running(folder, "web")
    thread, said = watched(kept, ended)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: processes.running(folder, "web") not in {first, None})
    eventually(lambda: not group_lives(first))
    ended.set()
    thread.join()
    kept.stop()
    assert (said, processes.running(folder, "web")) == ([], None)


def test_what_dies_again_and_again_ends_the_watch(folder, monkeypatch):
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.01)
    kept = Supervisor(folder, lambda _line: None)
    kept.start(program(folder, "worker", "raise SystemExit(3)"), patience=1)
    thread, said = watched(kept, Event())
    thread.join(timeout=30)
    assert said == ["worker died 5 times in 60 s"]


def test_the_last_started_ends_first(folder):
    order = []
    kept = Supervisor(folder, lambda _line: None)
    for name in ("web", "worker", "beat"):
        code = (
            "import signal, sys, time\n"
            f"signal.signal(signal.SIGTERM, lambda *_: (open('order', 'a').write('{name} '), sys.exit(0)))\n"
            "print('up', flush=True)\ntime.sleep(60)"
        )
        kept.start(program(folder, name, code), patience=5)
        eventually(lambda name=name: (folder / f"{name}.log").read_text() == "up\n")
    kept.stop()
    order = (folder / "order").read_text().split()
    assert order == ["beat", "worker", "web"]


def test_what_ignores_the_signal_is_killed_after_its_patience(folder):
    kept = Supervisor(folder, lambda _line: None)
    kept.start(program(folder, "web", STUBBORN), patience=0.3)
    eventually(lambda: (folder / "web.log").read_text() == "up\n")
    started = time.monotonic()
    kept.stop()
    assert processes.running(folder, "web") is None
    assert 0.3 <= time.monotonic() - started < 3


def test_what_a_program_started_ends_with_it(folder):
    processes.launch(folder, program(folder, "web", WITH_A_CHILD))
    eventually(lambda: (folder / "web.log").read_text() == "up\n")
    group = processes.running(folder, "web")
    processes.stop(folder, "web")
    eventually(lambda: not group_lives(group))


def group_lives(group):
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def test_a_program_runs_once(folder):
    processes.launch(folder, program(folder, "web"))
    with pytest.raises(processes.Busy, match="web of an earlier run still ends"):
        processes.launch(folder, program(folder, "web"))


def test_a_lock_file_of_the_dead_names_nobody(folder):
    (folder / "run" / "web.lock").write_text(str(os.getpid()))
    assert processes.running(folder, "web") is None
    processes.stop(folder, "web")
