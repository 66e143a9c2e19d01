"""What a reviewer would otherwise have to remember."""

import ast
import re

import pytest

from tests.architecture import sources

MAX_FUNCTION = 50
MAX_FILE = 400
# The verifier is handed to inspectors by itself and has to be whole.
LONGER_FILES = {"audit/export/content/verify.py": 700}
MAX_TEMPLATE = 200

FEATURE_FILES = {
    "__init__", "states", "models", "queries", "actions", "tasks", "forms", "presenters", "views", "urls",
    "adapters", "catalogue", "clock", "hashing",
}  # fmt: skip
APP_FILES = {
    "audit": {
        "__init__",
        "apps",
        "models",
        "context",
        "encryption",
        "history",
        "middleware",
        "presenters",
        "press",
        "printing",
        "readers",
        "transitions",
        "watch",
    },
    "tenants": {
        "__init__",
        "apps",
        "models",
        "cache",
        "chores",
        "figures",
        "middleware",
        "outbound",
        "schemas",
        "signing",
        "tenant_task",
    },
    "tenants.members": {
        "__init__",
        "browsers",
        "apps",
        "models",
        "access",
        "backends",
        "machines",
        "middleware",
        "panels",
        "passwords",
        "signature_form",
        "ways_in",
        "visits",
    },
    "privacy": {"__init__", "apps", "models", "bells", "personal_data"},
    "trust_center": {"__init__", "apps", "models"},
}
WRITES = {"save", "create", "bulk_create", "update", "bulk_update", "update_or_create", "get_or_create", "delete"}
WRITERS = {"actions.py", "transitions.py"}
NOT_RECORDS = re.compile(r"\b(cache|caches\[|session|server|redis|client)\b")
RAW_WRITE = re.compile(r"^\s*(INSERT|UPDATE|DELETE|TRUNCATE|ALTER|DROP|CREATE)\s", re.IGNORECASE)
# Statements that are handed to whoever attacks a scratch copy; nothing here runs them on the product's own database.
ATTACKS = {"audit/drill/catalogue.py"}
READS_CLOCK = {
    "timezone.now", "timezone.localtime", "timezone.localdate", "datetime.now", "datetime.utcnow", "datetime.today",
    "date.today", "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip
CLOCKED = {"views.py", "tasks.py", "middleware.py", "visits.py"}


def python_of_apps() -> list[str]:
    return sources.python(*sources.APPS)


def python_of_all() -> list[str]:
    return sources.python(*sources.APPS, sources.ASSEMBLY)


def name_of(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def is_command(path: str) -> bool:
    return "/management/" in path


def is_orm_write(node: ast.AST) -> bool:
    """`x.objects.create()`, `x.save()`, `x.filter().update()`; not `a_dict.update()`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES):
        return False
    inside = ast.unparse(node.func.value)
    if NOT_RECORDS.search(inside):
        return False
    return node.func.attr in {"save", "delete"} or any(word in inside for word in ("objects", "_manager", "filter("))


def is_raw_write(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(RAW_WRITE.match(node.value))


def lines(path: str, wanted) -> list[int]:
    return [node.lineno for node in ast.walk(sources.tree(path)) if wanted(node)]


@pytest.mark.parametrize("feature", sources.features())
def test_a_feature_folder_holds_only_the_agreed_files(feature):
    folder = sources.ROOT / feature.replace(".", "/")
    files = {path.stem for path in folder.glob("*.py")}
    folders = {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"}
    assert files <= FEATURE_FILES, files - FEATURE_FILES
    # Texts that a feature ships with stand beside the adapter that reads them.
    assert folders <= {"adapters", "content"}, folders


@pytest.mark.parametrize("app", APP_FILES)
def test_an_app_has_only_its_doors_beside_its_features(app):
    files = {path.stem for path in (sources.ROOT / app.replace(".", "/")).glob("*.py")}
    assert files <= APP_FILES[app], files - APP_FILES[app]


@pytest.mark.parametrize("library", sources.LIBRARIES)
def test_a_pure_library_holds_only_its_own_modules(library):
    folder = sources.ROOT / library.replace(".", "/")
    assert {path.stem for path in folder.glob("*.py")} == sources.LIBRARIES[library]
    assert {path.name for path in folder.iterdir() if path.is_dir()} <= {"__pycache__"}


@pytest.mark.parametrize("path", python_of_apps())
def test_only_actions_write(path):
    writes = lines(path, lambda node: is_orm_write(node) or is_raw_write(node))
    assert name_of(path) in WRITERS or is_command(path) or path in ATTACKS or writes == []


@pytest.mark.parametrize("path", python_of_all())
def test_files_and_functions_stay_short(path):
    assert sources.text(path).count("\n") <= LONGER_FILES.get(path, MAX_FILE)
    long = [
        f"{node.name} is {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > MAX_FUNCTION
    ]
    assert long == []


@pytest.mark.parametrize("path", python_of_apps())
def test_nobody_reads_the_clock_below_a_view_a_task_or_a_command(path):
    reads = lines(path, lambda node: isinstance(node, ast.Attribute) and ast.unparse(node) in READS_CLOCK)
    assert name_of(path) in CLOCKED or is_command(path) or reads == []


@pytest.mark.parametrize("path", python_of_all())
def test_the_environment_is_read_in_one_place(path):
    reads = lines(
        path,
        lambda node: isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.putenv"},
    )
    assert path == "complere/env.py" or reads == []


@pytest.mark.parametrize("path", python_of_all())
def test_there_are_no_signal_receivers(path):
    def receives(node: ast.AST) -> bool:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        return any("signals" in name or name == "receiver" for name in [module, *names]) or module == "django.dispatch"

    assert lines(path, receives) == []


@pytest.mark.parametrize("path", [path for path in python_of_apps() if name_of(path) == "models.py"])
def test_no_model_does_work_in_save_or_delete(path):
    overrides = {"save", "delete", "asave", "adelete", "save_base"}
    assert lines(path, lambda node: isinstance(node, ast.FunctionDef) and node.name in overrides) == []


@pytest.mark.parametrize("path", python_of_all())
@pytest.mark.req("ASVS-1.2.1")
def test_no_code_declares_text_to_be_safe_markup(path):
    marks = {"mark_safe", "SafeString", "SafeText", "html_safe", "safestring"}

    def declares(node: ast.AST) -> bool:
        named = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        return named in marks or (isinstance(node, ast.ImportFrom) and (node.module or "").endswith("safestring"))

    assert lines(path, declares) == []


@pytest.mark.parametrize("path", sources.templates())
def test_templates_are_short_and_carry_no_code_and_no_style(path):
    text = sources.text(path)
    assert text.count("\n") <= MAX_TEMPLATE
    assert re.findall(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", text, re.IGNORECASE) == []


@pytest.mark.parametrize("path", sources.templates())
@pytest.mark.req("ASVS-1.2.1")
def test_templates_escape_everything(path):
    assert re.findall(r"\|\s*safe(?:seq)?\b|autoescape\s+off", sources.text(path)) == []


@pytest.mark.parametrize("path", [path for path in python_of_apps() if name_of(path) == "actions.py"])
def test_actions_never_enqueue(path):
    enqueues = {"delay", "apply_async", "send_task"}
    assert lines(path, lambda node: isinstance(node, ast.Attribute) and node.attr in enqueues) == []


@pytest.mark.parametrize("path", [path for path in python_of_all() if path != "tenants/schemas.py"])
def test_a_schema_is_entered_through_one_door(path):
    """Measured: `with tenant:` and `schema_context` run in the wrong tenant under threads."""
    banned = {"schema_context", "tenant_context", "set_schema", "set_tenant", "set_schema_to_public"}
    # The middleware enters for a whole request and has no block to leave.
    allowed = {"tenants/middleware.py"}
    named = lines(path, lambda node: isinstance(node, ast.Attribute | ast.Name) and _last(node) in banned)
    blocks = lines(path, lambda node: isinstance(node, ast.With) and any(_is_tenant(item) for item in node.items))
    assert path in allowed or named == []
    assert blocks == []


def _last(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _is_tenant(item: ast.withitem) -> bool:
    return isinstance(item.context_expr, ast.Name | ast.Attribute) and _last(item.context_expr).endswith("tenant")
