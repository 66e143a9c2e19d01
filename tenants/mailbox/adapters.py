"""Mail in the demonstration: one file for each Message-ID, so that a mail sent twice is one mail."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class MailboxBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            _write(folder, message)
        return len(email_messages)


def _write(folder: Path, message: EmailMessage) -> None:
    content = message.message()
    name = hashlib.sha256(str(content["Message-ID"]).encode()).hexdigest()[:32]
    draft = folder / f".{name}.new"
    draft.write_bytes(content.as_bytes())
    # A reader sees the whole mail or none.
    draft.rename(folder / f"{name}.eml")
