"""What is wrong with an answer to a form."""

import traceback
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from lxml import html

from tenants import schemas
from tenants.members.outbox.models import Email
from tests import cast
from tests.hostile.corpora import MARK
from tests.hostile.forms import TEXTS, Form, Pairs, fields

FINE = {200, 302, 303, 400, 403, 404, 409, 410, 413, 422, 429}
KEPT = TEXTS | {"email", "number", "date", "time"}


class Undone(Exception):
    """Rolls back what a form did."""


def submit(form: Form, pairs: Pairs, *, raw: bytes | None = None, statuses: list[int] | None = None) -> list[str]:
    """Send the form and undo it; what was wrong, empty when nothing was. Adds how it was answered to `statuses`."""
    found: list[str] = []
    try:
        with transaction.atomic():
            response = form.sent(pairs, raw=raw)
            if response.status_code == 429:
                # Slowed down as it should be; asked again as if an hour had passed.
                cache.clear()
                response = form.sent(pairs, raw=raw)
            found += faults(form, pairs, response)
            if statuses is not None:
                statuses.append(response.status_code)
            raise Undone
    except Undone:
        pass
    except Exception as failure:  # noqa: BLE001  a 500 in production: told with where it came from
        where = traceback.extract_tb(failure.__traceback__)[-4:]
        found.append(f"raises {failure!r:.300} at " + " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(where)))
    return [f"{form}: {fault}" for fault in found]


def faults(form: Form, pairs: Pairs, response: HttpResponse) -> list[str]:
    status = response.status_code
    found = [] if status in FINE else [f"answers {status}"]
    if status in (302, 303):
        found += _after(form, response)
    if "text/html" not in response.get("Content-Type", "") or response.streaming or not response.content:
        return found
    document = html.fromstring(response.content)
    found += markup(document) + [f"{status} without a heading"] * (not document.xpath("//h1"))
    if status == 422:
        found += _complaints(document) + _lost(document, pairs)
    elif status == 200 and form.method == "post" and document.xpath("//*[@data-error-summary]"):
        found.append("says what is wrong with status 200")
    return found


def _after(form: Form, response: HttpResponse) -> list[str]:
    """The page to which a successful form leads, and the mails that it caused."""
    target = urlsplit(response["Location"])
    if target.netloc:
        return [f"leads away to {response['Location']}"]
    page = form.visitor.browser().get(f"{target.path}?{target.query}")
    found = [] if page.status_code < 500 else [f"then answers {page.status_code}"]
    if page.status_code == 200 and "text/html" in page["Content-Type"]:
        found += markup(html.fromstring(page.content))
    return found + _mails(form)


def _mails(form: Form) -> list[str]:
    """A plain mail shows `&lt;` as it stands, and a name must not become one."""
    found = []
    key = "localhost" if form.visitor.host == "localhost" else form.visitor.host.split(".")[0]
    with schemas.inside(cast.tenant(key)):
        newest = Email.objects.select_related("subject_key").order_by("-created_at")[:3]
        texts = [(mail.template, mail.subject, mail.body) for mail in newest]
    for template, subject, body in texts:
        if MARK in subject + body and ("&lt;" in subject + body or "&quot;" in subject + body):
            found.append(f"mails {template} with HTML escapes in plain text: {subject}")
        if "\n" in subject or "\r" in subject:
            found.append(f"mails {template} with a subject of several lines")
    return found


def markup(document: Any) -> list[str]:
    """What was typed and became markup."""
    scripts = [script for script in document.xpath("//script") if MARK in (script.text or "")]
    handlers = [name for element in document.iter() for name, value in element.items() if name.startswith("on")]
    images = document.xpath("//img[@src='x'] | //i[@title='1']")
    return [f"renders what was typed as markup: {what}" for what in ("script",) * len(scripts) + tuple(handlers)] + [
        "renders what was typed as an element"
    ] * len(images)


def _complaints(document: Any) -> list[str]:
    """The summary stands, and each of its links leads to a field of the page."""
    summary = document.xpath("//*[@data-error-summary]")
    if not summary:
        return ["answers 422 without an error summary"]
    links = [link.get("href", "").removeprefix("#") for link in summary[0].xpath(".//a")]
    found = [
        f"complains about #{link}, which is not on the page"
        for link in links
        if not document.get_element_by_id(link, None) is not None
    ]
    return found + ["complains without saying of what"] * (not summary[0].xpath(".//li"))


def _lost(document: Any, pairs: Pairs) -> list[str]:
    """What was typed and is not in the form any more. Passwords and files are asked for again."""
    wanted = dict(pairs)
    best = max(document.xpath("//main//form"), key=lambda form: len(wanted.keys() & form.fields.keys()), default=None)
    if best is None:
        return ["answers 422 without the form"]
    shown = {one.name: one for one in fields(best)}
    found = []
    for name, value in wanted.items():
        one = shown.get(name)
        if one is None or one.kind not in KEPT or "\x00" in value:
            continue
        if _plain(value) not in {_plain(text) for text in one.values}:
            found.append(f"loses what was typed into {name}: {value[:40]!r} became {one.values[:1]!r:.60}")
    return found


def _plain(text: str) -> str:
    """As the HTML parser gives it back: one kind of line end, and none at the beginning of a text area."""
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
