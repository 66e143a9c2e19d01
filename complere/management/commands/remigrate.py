"""Write the migration of each app that is not released yet anew, and the tenant template with it.

What `RELEASED` names is kept for ever: a database somewhere holds it. Everything later becomes one migration again.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from complere import env
from complere.embedded import locks, place, services

APPS = {
    "audit": "audit",
    "tenants": "tenants",
    "members": "tenants/members",
    "privacy": "privacy",
    "trust_center": "trust_center",
}
RELEASED = {"0001_initial.py", "0002_trail_and_signatures.py"}
NAME = "who_may_come_in"


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        with locks.exclusive(settings.BASE_DIR / ".venv" / "remigrate.lock"):
            # Models that cannot be imported are found here, while every migration still stands.
            manage("makemigrations", "--dry-run", "--verbosity", "0", *APPS)
            for folder in APPS.values():
                for path in (settings.BASE_DIR / folder / "migrations").glob("0*.py"):
                    if path.name not in RELEASED:
                        path.unlink()
            manage("makemigrations", "--name", NAME, *APPS)
            with tempfile.TemporaryDirectory(prefix="complere-remigrate-") as folder:
                write_template(Path(folder))


def write_template(folder: Path) -> None:
    """Migrate a scratch schema in a scratch cluster and write down what came out."""
    folder.chmod(0o755)
    share = services.enter(folder, durable=False)
    try:
        values = services.addresses(folder)
        manage("write_tenant_template", "--pg-dump", str(place.installed() / "pg_dump"), **values)
    finally:
        share.release()


def manage(*words: str, **values: str) -> None:
    subprocess.run([sys.executable, "manage.py", *words], cwd=settings.BASE_DIR, env=env.child(**values), check=True)
