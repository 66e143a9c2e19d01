"""SQL is written with parameters: no text of anybody's becomes a part of a statement."""

import ast

import pytest

from tests.architecture import sources

# Where names of tables and schemas of our own are put into statements.
COMPOSED = {
    "audit/drill/actions.py": "attacks a scratch copy with statements from its own catalogue",
}
RAW = {"raw", "extra", "RawSQL"}


def composed_in(text: str) -> list[int]:
    """Lines that execute a statement put together from pieces, or hand raw SQL to the ORM."""
    return [node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and is_composed(node)]


def is_composed(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in RAW:
        return True
    first = node.args[0] if node.args else None
    pieces = isinstance(first, ast.JoinedStr | ast.BinOp) or (
        isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute) and first.func.attr == "format"
    )
    return name in {"execute", "executemany"} and pieces and "sql.SQL" not in ast.unparse(first or node)


@pytest.mark.req("ASVS-1.2.4")
@pytest.mark.parametrize("path", sources.python(*sources.APPS, sources.ASSEMBLY))
def test_statements_are_not_put_together_from_text(path):
    if "/management/commands/" in path or path.startswith("complere/embedded/"):
        return
    found = composed_in(sources.text(path))
    assert found == [] or path in COMPOSED


@pytest.mark.parametrize("path", COMPOSED)
def test_an_exception_still_needs_to_be_one(path):
    assert composed_in(sources.text(path)) != []


@pytest.mark.parametrize(
    "text",
    [
        'cursor.execute(f"SELECT {x}")',
        'cursor.execute("SELECT %s" % x)',
        'cursor.execute("SELECT " + x)',
        'cursor.execute("SELECT {}".format(x))',
        'User.objects.raw("SELECT 1")',
        'User.objects.extra(where=["1"])',
    ],
)
def test_a_statement_that_is_put_together_is_noticed(text):
    assert composed_in(text) == [1]


def test_a_statement_with_parameters_is_none():
    assert composed_in('cursor.execute("SELECT %s", [x])') == []
