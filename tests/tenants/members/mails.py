"""Reading the outbox as a recipient would."""

import re

from tenants.members.outbox.models import Email


def newest(template: str, about: str = "") -> Email:
    """The last mail written from this template in the schema the test is in."""
    written = Email.objects.filter(template=template, about__contains=about).select_related("subject_key")
    email = written.order_by("-created_at").first()
    assert email is not None, f"no {template} mail was written"
    return email


def link_in(email: Email) -> str:
    """The one address with a token in a mail."""
    found = re.findall(r"^https?://\S+/$", email.body, flags=re.MULTILINE)
    assert len(found) == 1, email.body
    return str(found[0])


def path_in(email: Email) -> str:
    return "/" + link_in(email).split("/", 3)[3]


def token_in(email: Email) -> str:
    return path_in(email).rstrip("/").rsplit("/", 1)[1]
