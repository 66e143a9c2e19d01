"""Make every password and key of a deployment, once: `python3 complere/deploy/make_secrets.py secrets`.

Needs nothing but Python. Files that exist are kept, so a second run changes nothing. Keep a copy of
`complere_root_key` somewhere else: without it no personal data can be read again.
"""

import base64
import secrets
import sys
from pathlib import Path


def contents() -> dict[str, str]:
    """New secrets, by file name, fitting each other."""
    postgres, owner, runtime, valkey = (secrets.token_urlsafe(32) for _ in range(4))
    server = "postgres:5432"
    return {
        "postgres_password": postgres,
        "valkey_password": valkey,
        "valkey_config": f'requirepass {valkey}\nsave ""\nappendonly no\ndir /data\nmaxmemory-policy noeviction\n',
        "database_admin_url": f"postgresql://postgres:{postgres}@{server}/postgres",
        "database_owner_url": f"postgresql://complere_owner:{owner}@{server}/complere",
        "database_url": f"postgresql://complere_runtime:{runtime}@{server}/complere",
        "redis_url": f"redis://:{valkey}@valkey:6379/0",
        "secret_key": secrets.token_urlsafe(64),
        "complere_root_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "complere_task_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "complere_log_key": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


# A deployment of an earlier release has none; nothing else was made to fit it.
ADDED_LATER = {"complere_log_key"}


def main(folder: Path) -> int:
    """Write them; the exit code. Refuses a folder that has some but not all, as their passwords would not fit."""
    made = contents()
    present = sorted(name for name in made if (folder / name).exists())
    lacking = set(made) - set(present) - ADDED_LATER
    if present and lacking:
        missing = ", ".join(sorted(lacking))
        sys.stderr.write(f"{folder} has some secrets but not {missing}: restore them, or empty the folder.\n")
        return 2
    folder.mkdir(mode=0o700, exist_ok=True)
    # The folder is closed; a file is not, as each container reads it under an account of its own.
    folder.chmod(0o700)
    for name in set(made) - set(present):
        (folder / name).write_text(made[name], encoding="ascii")
        (folder / name).chmod(0o444)
    sys.stdout.write(f"{folder}: {len(made) - len(present)} made, {len(present)} kept\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "secrets")))
