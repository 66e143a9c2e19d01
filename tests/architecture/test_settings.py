"""Every variable that the product reads is named in .env.example, and nothing else is."""

import ast
import re

from tests.architecture import sources

READERS = {"text", "choice", "flag", "number", "folder", "secret", "given", "listed"}
EXAMPLE = (sources.ROOT / ".env.example").read_text()
NAMED = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
# Set by Django or by the process itself, never by whoever runs the product.
INTERNAL = {"DJANGO_SETTINGS_MODULE"}


def read_in_code() -> set[str]:
    found: set[str] = set()
    for path in sources.python(*sources.APPS, sources.ASSEMBLY):
        for node in ast.walk(sources.tree(path)):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS
            if called and ast.unparse(node.func.value) == "env" and node.args:
                found |= {
                    n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant) and isinstance(n.value, str)
                }
    return {name for name in found if name.isupper() and name[0].isalpha()} - INTERNAL


def test_every_variable_that_is_read_is_named_in_the_example():
    assert {"SECRET_KEY", "DATABASE_URL", "REGION"} <= read_in_code()
    assert sorted(read_in_code() - NAMED) == []


def test_every_variable_in_the_example_is_read_by_the_product_or_its_containers():
    deployment = "".join(
        (sources.ROOT / path).read_text()
        for path in (
            "docker-compose.yml",
            "complere/deploy/Caddyfile",
            "complere/deploy/web.sh",
            "complere/deploy/Dockerfile",
        )
    )
    unread = {name for name in NAMED - read_in_code() if name not in deployment}
    assert sorted(unread) == []


def test_the_example_holds_no_secret():
    values = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    secret = {
        name: value for name, value in values.items() if re.search(r"KEY|PASSWORD|DATABASE|REDIS|EMAIL_URL", name)
    }
    assert len(secret) >= 6
    assert set(secret.values()) == {""}
