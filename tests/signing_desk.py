"""Signing in the browser, as a person of the cast does it: read the page, then prove who one is."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from tenants import schemas
from tests import cast


def schema_of(key: str) -> Any:
    return cast.tenant("acme" if key in cast.ACME else "globex" if key in cast.GLOBEX else "localhost")


def code_of(key: str, at: datetime) -> str:
    """What the app of somebody of the cast shows at `at`."""
    with schemas.inside(schema_of(key)):
        return cast.code_of(cast.person(key), at)


def answer(page: Any, key: str, *, at: datetime, turn: int = 0, form: str = "form", **more: str) -> dict[str, str]:
    """What `key` sends to sign what `page` (an answer with a form in its context) shows.

    A code is good once: the second signature within half a minute takes `turn` 1, that of the next half minute.
    """
    shown = page.context[form]
    field = shown["seen"]
    return {
        "seen": str(field.field.widget.fresh),
        "meaning": str(shown["meaning"].initial or ""),
        "password": cast.PASSWORD,
        "code": code_of(key, at + timedelta(seconds=30 * turn)),
        **more,
    }


def sign(client: Client, key: str, path: str, *, at: datetime, turn: int = 0, **more: str) -> Any:
    """Open the page at `path` and sign what it shows; `more` are the page's own fields. Gives the answer."""
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    return client.post(path, answer(page, key, at=at, turn=turn, **more))
