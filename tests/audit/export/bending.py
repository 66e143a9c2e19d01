"""An export, bent in some way, and what the offline verifier finds in it."""

from pathlib import Path

from hypothesis import HealthCheck, settings

from audit.export.content import verify
from audit.merkle import tree
from tests.audit.export import specimen
from tests.audit.export.specimen import KEY, Specimen

SCRIPT = Path(verify.__file__)


EVENTS = specimen.story(600)


LINES = [specimen.payload(event) for event in EVENTS]


WHOLE = specimen.specimen(LINES, heads=[1, 100, 256, 300, 512, 599])


PIN = {300: tree.root(WHOLE.leaves[:300])}


in_any_file = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def found(export: Specimen, tmp_path: Path, **given) -> list[tuple[str, str]]:
    report = verify.verify(export.write(tmp_path / "export.zip"), **{"vkeys": [KEY.vkey], "pins": PIN, **given})
    return [(problem["kind"], problem["text"]) for problem in report.problems]


def kinds(export: Specimen, tmp_path: Path, **given) -> set[str]:
    return {kind for kind, _ in found(export, tmp_path, **given)}


def texts(export: Specimen, tmp_path: Path, kind: str, **given) -> list[str]:
    return [text for each, text in found(export, tmp_path, **given) if each == kind]


def altered(index: int, **changed) -> bytes:
    return specimen.payload({**EVENTS[index], **changed})


def resigned(lines: list[bytes], heads: list[int] | None = None) -> Specimen:
    """What the holder of the signing key would make of other events."""
    return specimen.specimen(lines, heads=[1, 100, 256, 300, 512] if heads is None else heads)
