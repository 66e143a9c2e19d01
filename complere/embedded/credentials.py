"""Secrets of one data folder: made once, kept with mode 0600, different for every checkout."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "secrets.json"


@dataclass(frozen=True, repr=False)
class Credentials:
    """Passwords of the embedded servers and keys of a demo."""

    superuser_password: str
    owner_password: str
    runtime_password: str
    valkey_password: str
    secret_key: str
    root_key: str
    task_key: str
    log_key: str

    def settings(self) -> dict[str, str]:
        """The keys under the names that settings read."""
        return {
            "SECRET_KEY": self.secret_key,
            "COMPLERE_ROOT_KEY": self.root_key,
            "COMPLERE_TASK_KEY": self.task_key,
            "COMPLERE_LOG_KEY": self.log_key,
        }


def generated() -> Credentials:
    """Fresh random secrets, kept nowhere."""
    return Credentials(
        superuser_password=secrets.token_urlsafe(32),
        owner_password=secrets.token_urlsafe(32),
        runtime_password=secrets.token_urlsafe(32),
        valkey_password=secrets.token_urlsafe(32),
        secret_key=secrets.token_urlsafe(64),
        root_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        task_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        log_key=base64.b64encode(secrets.token_bytes(32)).decode(),
    )


def of(data_dir: Path) -> Credentials:
    """The secrets of `data_dir`; made at the first call. Call it under the lock of the folder."""
    path = data_dir / FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # A folder of an earlier release lacks what that release did not know.
    made = Credentials(**(asdict(generated()) | kept))
    if asdict(made) == kept:
        return made
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(made), file, indent=1)
    # A run killed here leaves either no secrets or whole ones.
    draft.replace(path)
    return made
