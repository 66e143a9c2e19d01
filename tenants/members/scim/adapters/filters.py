"""Filters (RFC 7644, 3.4.2.2) and the paths of PATCH (3.5.2), read by scim2-filter-parser.

Of the library we take the grammar only: its transpilers write SQL, in which `co "%"` matches everything, and our
addresses are ciphertext. It also gives `and` no precedence over `or`, so the two are joined by parentheses only.
"""

from typing import Any, Final

from scim2_filter_parser import ast
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParser, SCIMParserError

from tenants.members.scim.catalogue import (
    DEEPEST_FILTER,
    LONGEST_FILTER,
    Condition,
    Filter,
    Joined,
    Negated,
    Path,
    ScimRefused,
    schema_of,
)

# Attributes that a path may name and that nobody keeps here.
NOT_OURS: Final = "(extension)"


def read(text: str) -> Filter:
    """Raises `ScimRefused` (400, invalidFilter) for what cannot be answered."""
    return _condition(_tree(text, "invalidFilter"), 0)


def path(text: str) -> Path:
    """Raises `ScimRefused` (400, invalidPath)."""
    tree = _tree(f'{text} eq ""', "invalidPath")
    found = tree.expr
    if tree.negated or not isinstance(found, ast.AttrExpr) or found.value.lower() != "eq" or found.comp_value.value:
        raise ScimRefused(400, "This is no path to an attribute.", "invalidPath")
    return _path(found.attr_path)


def _tree(text: str, kind: str) -> Any:
    if len(text) > LONGEST_FILTER or "\x00" in text:
        raise ScimRefused(400, "This is too long, or holds a NUL character.", kind)
    try:
        return SCIMParser().parse(SCIMLexer().tokenize(text))
    # The grammar lets some shapes through that the library then stumbles over.
    except (SCIMParserError, ValueError, AttributeError, TypeError) as wrong:
        raise ScimRefused(400, "This cannot be read.", kind) from wrong


def _condition(node: Any, depth: int) -> Filter:
    if depth > DEEPEST_FILTER:
        raise ScimRefused(400, "This filter is nested too deeply.", "invalidFilter")
    if isinstance(node, ast.Filter):
        return _group(node, depth)
    if isinstance(node, ast.LogExpr):
        return _joined(node, depth)
    if not isinstance(node, ast.AttrExpr) or node.value.lower() != "eq" or node.comp_value is None:
        raise ScimRefused(400, "Only the operator eq is answered here.", "invalidFilter")
    found = _path(node.attr_path, "invalidFilter")
    name = f"{found.attribute}.{found.part}" if found.part else found.attribute
    return Condition(name, str(node.comp_value.value))


def _group(node: Any, depth: int) -> Filter:
    if node.namespace is not None:
        return _within(node)
    inner = _condition(node.expr, depth + 1)
    return Negated(inner) if node.negated else inner


def _within(node: Any) -> Filter:
    """`members[value eq "…"]` asks the same as `members.value eq "…"`."""
    inner = _condition(node.expr, DEEPEST_FILTER - 2)
    if not isinstance(inner, Condition) or isinstance(node.namespace.attr_name, ast.Filter):
        raise ScimRefused(400, "Only one condition within brackets is answered here.", "invalidFilter")
    return Condition(f"{node.namespace.attr_name.lower()}.{inner.attribute}", inner.value)


def _joined(node: Any, depth: int) -> Filter:
    word = node.op.lower()
    for side in (node.expr1, node.expr2):
        bare = isinstance(side, ast.Filter) and isinstance(side.expr, ast.LogExpr) and not side.negated
        if bare and side.expr.op.lower() != word:
            raise ScimRefused(400, "Put parentheses where “and” and “or” meet.", "invalidFilter")
    return Joined(word, (_condition(node.expr1, depth + 1), _condition(node.expr2, depth + 1)))


def _path(node: Any, kind: str = "invalidPath") -> Path:
    if isinstance(node.attr_name, ast.Filter):
        return _chosen(node.attr_name, kind)
    if not schema_of(node.uri or ""):
        return Path(NOT_OURS)
    return Path(node.attr_name.lower(), node.sub_attr.value.lower() if node.sub_attr else "")


def _chosen(node: Any, kind: str) -> Path:
    """`emails[type eq "work"].value`: the parser has put what follows the brackets before them."""
    outer, inner = node.namespace, node.expr
    while isinstance(inner, ast.Filter) and inner.namespace is None and not inner.negated:
        inner = inner.expr
    if outer is None or isinstance(outer.attr_name, ast.Filter) or not isinstance(inner, ast.AttrExpr):
        raise ScimRefused(400, "Only one condition within brackets is answered here.", kind)
    if inner.value.lower() != "eq" or isinstance(inner.attr_path.attr_name, ast.Filter):
        raise ScimRefused(400, "Only the operator eq is answered within brackets.", kind)
    if not schema_of(outer.uri or ""):
        return Path(NOT_OURS)
    chosen = Condition(inner.attr_path.attr_name.lower(), str(inner.comp_value.value))
    return Path(outer.attr_name.lower(), outer.sub_attr.value.lower() if outer.sub_attr else "", chosen)
