"""E-mail domains as their page and their histories show them."""

from dataclasses import dataclass

from audit.presenters import Story
from tenants.members.email_domains.catalogue import record_name, record_value
from tenants.members.email_domains.models import EmailDomain


@dataclass(frozen=True, slots=True)
class Card:
    domain: EmailDomain
    tone: str
    word: str
    record_name: str
    record_value: str


def card(domain: EmailDomain) -> Card:
    if domain.verified_at is not None:
        tone, word = ("attention", "Proved, but not found lately") if domain.problem else ("verified", "Proved")
    else:
        tone, word = ("failed", "Not proved") if domain.problem else ("neutral", "Not looked up yet")
    return Card(domain, tone, word, record_name(domain.pk), record_value(domain.token))


STORIES = [
    Story(
        kind="members.emaildomain",
        permission="members.manage_access",
        title=lambda domain: str(domain.domain),
        labels={"verified_at": "proved", "problem": "what was wrong"},
        hide=["token"],
    )
]
