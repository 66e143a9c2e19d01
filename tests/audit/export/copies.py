"""Exports as people order them, made by the chore, unpacked as an inspector gets them."""

import io
import json
import subprocess
import sys
import zipfile

from django.utils import timezone

from audit.export import actions, queries
from audit.sequencer import actions as sequencer
from tenants import schemas
from tests import cast


def ordered(tenant, *, since=None, until=None, by="ann"):
    """An export of this tenant, made."""
    with schemas.inside(tenant):
        sequencer.sequence(now=timezone.now())
        export = actions.order(
            since=since,
            until=until,
            time_zone="Europe/Berlin",
            actor=cast.person(by).actor,
            now=timezone.now(),
            reason="Inspection by the authority",
        )
        actions.do_due(timezone.now())
        export = queries.by_id(export.pk)
        assert export.state == "ready", export.failure
        return export


def file_of(tenant, export):
    with schemas.inside(tenant):
        return b"".join(queries.contents(export))


def unpacked(content, folder):
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def checked(path, *options, script=None):
    """What the program in the export itself says of a folder, or of a zip file."""
    command = [sys.executable, "-I", str(script or path / "verify.py"), str(path), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}
