"""docs/asvs.yaml: each row that holds has a test that names it, each other one a reason in docs/security.md."""

import ast
from collections.abc import Iterator

import pytest
import yaml

from tests.architecture import sources

ROWS = yaml.safe_load((sources.ROOT / "docs" / "asvs.yaml").read_text())
STANDINGS = ("holds", "not_yet", "not_applicable")


def claimed() -> set[str]:
    """Every ASVS number that a test names in a marker."""
    return {number for path in (sources.ROOT / "tests").rglob("test_*.py") for number in named_in(path.read_text())}


def named_in(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req":
            yield from (str(arg.value)[5:] for arg in node.args if str(ast.literal_eval(arg)).startswith("ASVS-"))  # type: ignore[attr-defined]


CLAIMED = claimed()


def test_the_list_is_that_of_the_specification():
    known = {line[5:] for line in sources.text("tests/requirement_ids.txt").split() if line.startswith("ASVS-")}
    assert {str(row["id"]) for row in ROWS} == known
    assert len(ROWS) == len(known)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["id"]))
def test_each_row_has_one_standing_in_words(row):
    standing = [name for name in STANDINGS if name in row]
    assert len(standing) == 1
    assert len(row[standing[0]]) > 15
    assert row["level"] in (1, 2, 3)


@pytest.mark.parametrize("row", [row for row in ROWS if "holds" in row], ids=lambda row: str(row["id"]))
def test_what_holds_is_shown_by_a_test(row):
    assert str(row["id"]) in CLAIMED, f"no test is marked req('ASVS-{row['id']}')"


@pytest.mark.parametrize("row", [row for row in ROWS if "holds" not in row], ids=lambda row: str(row["id"]))
def test_what_does_not_hold_is_told_to_a_reviewer_with_its_reason(row):
    reason = row.get("not_yet") or row["not_applicable"]
    assert str(row["id"]) not in CLAIMED, "a test shows it: say so"
    assert f"| {row['id']} | {reason} |" in sources.text("docs/security.md")


def test_a_marker_is_found_and_another_is_not():
    assert [*named_in('@pytest.mark.req("ASVS-1.2.3", "P11-10d")\ndef test_x(): ...')] == ["1.2.3"]
