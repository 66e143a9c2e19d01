"""The product's own files, as the rules of the house look at them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("audit", "tenants", "privacy", "trust_center")
ASSEMBLY = "complere"
# Mathematics that knows no framework and no record: packages with files of their own choice, and what those are.
LIBRARIES = {"audit.merkle": {"__init__", "notes", "proofs", "tiles", "tree"}}


def python(*folders: str) -> list[str]:
    """Paths of our Python files, from the root of the checkout; migrations are generated and left out."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(str(path.relative_to(ROOT)) for path in found if "migrations" not in path.parts)


def templates() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html"))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: str) -> ast.Module:
    return ast.parse(text(path), filename=path)


def features() -> list[str]:
    """Dotted names of the feature folders: every package of an app that is no app and no folder of Django's kind."""
    found = []
    for app in ("audit", "tenants", "tenants/members", "privacy", "trust_center"):
        for folder in sorted((ROOT / app).iterdir()):
            known = folder.name in {"migrations", "management", "members", "postgresql", "__pycache__"}
            if (folder / "__init__.py").exists() and not known:
                found.append(f"{app}/{folder.name}".replace("/", "."))
    return sorted(set(found) - LIBRARIES.keys())
