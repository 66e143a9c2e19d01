"""Has a page printed by `press`, in a process of its own, and waits no longer than allowed."""

import subprocess
import sys
from pathlib import Path

from audit import press

SECONDS = 60
ROOT = Path(__file__).resolve().parent.parent


class PrintingFailed(Exception):
    """No PDF came out; the message says why, for the person who asked for it."""


class PrintingTimedOut(PrintingFailed):
    """It took too long."""


class LibrariesMissing(PrintingFailed):
    """WeasyPrint's native libraries are not installed."""


def pdf_of(html: str, *, assets: Path, seconds: float = SECONDS) -> tuple[int, bytes]:
    """Number of pages and the PDF; the page may fetch what lies in `assets`. Raises `PrintingFailed`."""
    command = [sys.executable, "-m", press.__name__, str(assets)]
    try:
        done = subprocess.run(command, input=html.encode(), capture_output=True, timeout=seconds, check=False, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise PrintingTimedOut(f"Printing took longer than {seconds:g} seconds and was stopped.") from None
    if done.returncode == press.NO_LIBRARIES:
        raise LibrariesMissing(press.MISSING)
    if done.returncode != 0:
        raise PrintingFailed(_last_line(done.stderr) or f"Printing ended with code {done.returncode}.")
    pages, _, pdf = done.stdout.partition(b"\n")
    return int(pages), pdf


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""
