"""Keep the programs of a demo alive, and end them in order."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from complere.embedded import processes
from complere.embedded.processes import Program

CHECK_EVERY = 0.25
LONGEST_PAUSE = 8.0
# So many deaths in so many seconds are no accident any more.
TOO_MANY = 5
WITHIN = 60.0


class DiesAgainAndAgain(Exception):
    """A program cannot be kept alive."""


@dataclass
class Kept:
    """One program, and when it died."""

    program: Program
    patience: float
    process: "subprocess.Popen[bytes]"
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0.0


class Supervisor:
    """Starts programs in the order given, starts again what dies, and stops in reverse."""

    def __init__(self, data_dir: Path, say: Callable[[str], None]) -> None:
        self.data_dir = data_dir
        self.say = say
        self.kept: list[Kept] = []

    def start(self, program: Program, *, patience: float) -> None:
        """Start `program`; at the end it gets `patience` seconds to finish what it does."""
        self.kept.append(Kept(program, patience, processes.launch(self.data_dir, program)))

    def watch(self, ended: Event, mend_services: Callable[[], list[str]]) -> None:
        """Until `ended`: start again what died. Raises DiesAgainAndAgain."""
        services: dict[str, list[float]] = {}
        while not ended.wait(CHECK_EVERY):
            for name in mend_services():
                self._count(name, services.setdefault(name, []))
                self.say(f"{name} died and was started again")
            for kept in self.kept:
                self._check(kept)

    def stop(self) -> None:
        """End all programs, the last started first."""
        for kept in reversed(self.kept):
            processes.stop(self.data_dir, kept.program.name, patience=kept.patience)

    def _check(self, kept: Kept) -> None:
        name = kept.program.name
        if kept.process.poll() is None:
            return
        if not kept.start_at:
            # Forked children may live on, serve on, and hold the port.
            processes.stop(self.data_dir, name)
            self._count(name, kept.deaths)
            pause = min(LONGEST_PAUSE, 0.5 * 2 ** (len(kept.deaths) - 1))
            self.say(f"{name} died; starting it again in {pause:g} s (see {kept.program.log})")
            kept.start_at = time.monotonic() + pause
        elif time.monotonic() >= kept.start_at:
            kept.start_at = 0.0
            kept.process = processes.launch(self.data_dir, kept.program)

    def _count(self, name: str, deaths: list[float]) -> None:
        now = time.monotonic()
        deaths[:] = [*(death for death in deaths if now - death < WITHIN), now]
        if len(deaths) >= TOO_MANY:
            raise DiesAgainAndAgain(f"{name} died {len(deaths)} times in {WITHIN:g} s")
