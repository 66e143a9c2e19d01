"""Tokens as the pages and the history show them."""

from dataclasses import dataclass
from datetime import datetime

from audit.presenters import Story
from tenants.members.api_tokens import catalogue
from tenants.members.api_tokens.catalogue import Standing
from tenants.members.api_tokens.models import AccessToken


@dataclass(frozen=True, slots=True)
class Row:
    token: AccessToken
    word: str
    tone: str
    revocable: bool


def rows(tokens: list[AccessToken], now: datetime) -> list[Row]:
    return [_row(token, now) for token in tokens]


def _row(token: AccessToken, now: datetime) -> Row:
    where = catalogue.standing(expires_at=token.expires_at, revoked_at=token.revoked_at, now=now)
    return Row(token, where.value, catalogue.TONES[where], where in (Standing.ACTIVE, Standing.EXPIRING))


STORIES = [
    Story(
        kind="members.accesstoken",
        permission="members.manage_access",
        title=lambda token: f"Token {token.name}",
        hide=["id"],
    )
]
