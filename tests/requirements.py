"""Requirement ids: a test may only claim one that the specifications have."""

from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).with_name("requirement_ids.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test may only claim a requirement that exists: a mistyped id would count as covered."""
    known = set(REQUIREMENTS.read_text().split())
    claimed = {(item.nodeid, number) for item in items for mark in item.iter_markers("req") for number in mark.args}
    unknown = sorted(f"{number!r} in {test}" for test, number in claimed if number not in known)
    if unknown:
        raise pytest.UsageError("There is no requirement " + "; ".join(unknown))
