import subprocess
import sys
from pathlib import Path

import pytest

from audit import press
from trust_center.documents.adapters import printing

PAGE = "<!doctype html><html lang=en><head><title>t</title></head><body><p>text</p></body></html>"


def test_the_press_runs_in_a_process_of_its_own():
    pages, pdf = printing.pdf_of(PAGE)
    assert (pages, pdf[:5]) == (1, b"%PDF-")


def test_a_print_that_takes_too_long_is_stopped():
    with pytest.raises(printing.PrintingTimedOut, match=r"0\.05 seconds"):
        printing.pdf_of(PAGE, seconds=0.05)


def test_a_page_that_names_a_foreign_address_fails_with_its_name():
    page = PAGE.replace("<p>", '<img alt="" src="file:///etc/passwd"><p>')
    with pytest.raises(printing.PrintingFailed, match="file:///etc/passwd"):
        printing.pdf_of(page)


def test_without_the_native_libraries_the_press_says_what_to_install(tmp_path: Path, monkeypatch):
    # The module fails as WeasyPrint itself does where Pango is missing.
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(printing.LibrariesMissing, match="Install Pango"):
        printing.pdf_of(PAGE)


def test_the_press_needs_no_framework():
    code = f"import sys; import {press.__name__}; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
