"""What lies in the demonstration's mailbox. A file that is no whole mail is passed over."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"\A[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `at` is when it was sent, in UTC; `to` the bare addresses."""

    name: str
    sender: str
    to: tuple[str, ...]
    subject: str
    at: datetime
    text: str
    headers: tuple[tuple[str, str], ...]

    @property
    def recipients(self) -> str:
        return ", ".join(self.to)


def newest_first() -> list[Path]:
    """The files of the mailbox, newest first; only their times are read."""
    folder = Path(settings.MAILBOX_DIR)
    stamped = [(_written(path), path.name, path) for path in folder.glob("*.eml") if NAME.match(path.stem)]
    return [path for _, _, path in sorted(stamped, reverse=True)]


def read(path: Path) -> Mail | None:
    """The mail in a file; None when it is gone, empty or no mail."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    message = message_from_bytes(content, policy=policy.default)
    if message["To"] is None or message["From"] is None:
        return None
    headers = tuple((name, str(value)) for name, value in message.items())
    return Mail(
        name=path.stem,
        sender=str(message["From"]),
        to=tuple(address for _, address in getaddresses([str(message["To"])]) if address),
        subject=str(message["Subject"] or "(no subject)"),
        at=_sent(message, path),
        text=_text(message),
        headers=headers,
    )


def by_name(name: str) -> Mail | None:
    return read(Path(settings.MAILBOX_DIR) / f"{name}.eml") if NAME.match(name) else None


def to_person(address: str) -> list[Mail]:
    """Mails whose recipients contain this text, newest first."""
    wanted = address.casefold()
    mails = (read(path) for path in newest_first())
    return [mail for mail in mails if mail is not None and wanted in mail.recipients.casefold()]


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _sent(message: EmailMessage, path: Path) -> datetime:
    try:
        return parsedate_to_datetime(str(message["Date"])).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.fromtimestamp(_written(path) / 1e9, tz=UTC)


def _text(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain",))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, UnicodeError, ValueError):
        # An unknown character set: show what can be read.
        raw = body.get_payload(decode=True)
        return raw.decode(errors="replace") if isinstance(raw, bytes) else ""
