"""Every form that a browser would be offered: found by walking from page to page as each role, and read as HTML."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from lxml import html

from tests.architecture import routes
from tests.cast import PASSWORD
from tests.hostile.stage import Stage, Visitor

# So many pages of one address are read by one person; of records, which differ by state, so many that each state is.
PAGES_OF_A_ROUTE, STATES_OF_A_RECORD = 3, 12
RECORDS = {
    "subject-request", "incident", "incident-step", "document-request", "document-desk", "person", "tenant", "notice",
    "breach-notice", "claim", "identity-provider", "subprocessor", "contact-edit", "explain-deadline",
}  # fmt: skip
# Pages that offer no form of their own, however many there are.
LIKE_EACH_OTHER = {"record-history": 1, "claim": 3, "edit-claim": 2, "subprocessor": 3, "edit-subprocessor": 1}
TEXTS = {"text", "textarea", "search", "tel", "url"}
# What shows who somebody is: never shown again.
CODE, KNOWN_PASSWORD = "one-time-code", "current-password"
# What fits only here.
NOTHING: tuple[str, ...] = ()
KNOWN = {
    "unknown_yet": NOTHING, "subjects_unknown_because": NOTHING, "records_unknown_because": NOTHING,
    "received_first_at_0": NOTHING, "received_first_at_1": NOTHING,
    "subprocessor_told_at_0": NOTHING, "subprocessor_told_at_1": NOTHING,
    "host": ("initrode.localhost",), "languages": ("en, de",), "again": (f"{PASSWORD} anew",),
    "excluded": NOTHING, "zone": ("Europe/Berlin",), "told_in": NOTHING,
}  # fmt: skip
TOKEN = "csrfmiddlewaretoken"
MULTIPART = "multipart/form-data"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Field:
    """Something that is sent. `options`: what a browser lets choose; `trap`: no person sees it; `limit`: in letters."""

    name: str
    kind: str
    values: tuple[str, ...]
    options: tuple[str, ...] = ()
    trap: bool = False
    limit: int = 100_000

    @property
    def is_text(self) -> bool:
        return self.kind in {*TEXTS, CODE} and not self.trap


@dataclass
class Form:
    """A form as `visitor` finds it at `page`."""

    visitor: Visitor
    page: str
    action: str
    method: str
    multipart: bool
    fields: list[Field]
    route: str = ""
    # The form whose answer offers this one.
    before: "Form | None" = None

    def __str__(self) -> str:
        return f"{self.visitor.name}, {self.visitor.host}{self.page}: {self.method} {self.action}"

    def filled(self) -> Pairs:
        """What a person sends who fills in all of it sensibly."""
        return [(one.name, value) for one in self.fields for value in self._sensible(one)]

    def _sensible(self, one: Field) -> tuple[str, ...]:
        return (self.visitor.code(),) if one.kind == CODE else _sensible(one)

    def sent(self, pairs: Pairs, *, csrf: bool = False, raw: bytes | None = None) -> HttpResponse:
        """The answer to these values, as a browser would send them."""
        if self.before is not None:
            self.before.sent(self.before.filled())
        browser = self.visitor.browser(csrf=csrf)
        if self.method == "get":
            return browser.get(f"{self.action}?{urlencode(pairs)}")
        if self.multipart and raw is None:
            return browser.post(self.action, self._parts(pairs))
        body = urlencode(pairs).encode() if raw is None else raw
        return browser.generic("POST", self.action, body, content_type="application/x-www-form-urlencoded")

    def _parts(self, pairs: Pairs) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for name, value in pairs:
            parts.setdefault(name, []).append(value)
        for one in self.fields:
            if one.kind == "file":
                parts[one.name] = SimpleUploadedFile("note.txt", b"A file of plain words.")
        return parts

    def named(self, *kinds: str) -> list[Field]:
        return [one for one in self.fields if one.kind in kinds]


@dataclass
class Site:
    stage: Stage
    forms: list[Form]
    seen: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    @property
    def posts(self) -> list[Form]:
        return [form for form in self.forms if form.method == "post"]


def explore(stage: Stage) -> Site:
    """Walk every host as everybody, from its start page and from each mailed link, and one form further."""
    site, known = Site(stage, []), set()
    for visitor, page, document in pages(site):
        for form in read(document, visitor, page):
            key = (visitor.host == "localhost", form.route, frozenset((one.name, one.kind) for one in form.fields))
            if key not in known:
                known.add(key)
                site.forms.append(form)
    reached = {(side(form.visitor.host), form.route) for form in site.forms}
    # No link leads to what follows a password that is asked again.
    for form in [form for form in site.posts if form.named(KNOWN_PASSWORD)]:
        for further in (*_offered_by(form), *_by_script(form)):
            place = (side(form.visitor.host), further.route)
            if further.route and place not in reached:
                reached.add(place)
                site.forms.append(further)
    return site


def _offered_by(form: Form) -> list[Form]:
    """The forms on the page that answers this one, which no link leads to."""
    with transaction.atomic():
        answer, page = form.sent(form.filled()), form.action
        if answer.status_code == 302:
            page = urlsplit(answer["Location"]).path
            answer = form.visitor.browser().get(page)
        transaction.set_rollback(True)
    if answer.status_code != 200 or "text/html" not in answer["Content-Type"] or not answer.content:
        return []
    found = read(html.fromstring(answer.content), form.visitor, page)
    for further in found:
        further.before = form
    return found


def _by_script(form: Form) -> list[Form]:
    """What the page's script sends when somebody signs with a passkey."""
    told = [one for one in form.fields if one.name in (TOKEN, "seen", "meaning")]
    if not form.named(CODE) or len(told) < 3:
        return []
    name = "signing-challenge"
    action = reverse(name, urlconf=routes.HOSTS[side(form.visitor.host)])
    return [Form(form.visitor, form.page, action, "post", multipart=False, fields=told, route=name)]


def pages(site: Site, visitors: Iterable[Visitor] = ()) -> Iterator[tuple[Visitor, str, Any]]:
    """Every page that somebody can walk to, or one of `visitors`, as HTML."""
    for visitor in visitors or site.stage.visitors:
        yield from ((visitor, page, document) for page, document in _walk(site, visitor))


def _walk(site: Site, visitor: Visitor) -> Iterator[tuple[str, Any]]:
    browser, visits = visitor.browser(), Counter[str]()
    is_stranger, on_platform = visitor.name == "stranger", visitor.host == "localhost"
    # The public pages are the same for everybody.
    only = "/console/" if on_platform and not is_stranger else "/"
    mailed = [path for host, path in site.stage.mailed if host == visitor.host]
    starts = ["/", "/console/", *mailed] if is_stranger else [only, *(site.stage.starts if on_platform else [])]
    if not is_stranger:
        # Whoever does something dangerous is sent there.
        starts.append(reverse("prove", urlconf=routes.HOSTS[side(visitor.host)]))
    queue, known = starts, set()
    while queue:
        path = queue.pop(0)
        name = route_of(visitor.host, path)
        most = STATES_OF_A_RECORD if name in RECORDS or path in mailed else PAGES_OF_A_ROUTE
        if (
            path in known
            or not name
            or not path.startswith(only)
            or visits[name] >= LIKE_EACH_OTHER.get(name, most)
            or name.startswith("demo-mail")
        ):
            continue
        known.add(path)
        visits[name] += 1
        response = browser.get(path)
        site.seen.add(f"{side(visitor.host)}:{name}")
        if response.status_code >= 500:
            site.broken.append(f"{visitor.name} {visitor.host}{path}: {response.status_code}")
        if response.status_code in (301, 302):
            queue.append(urlsplit(response["Location"]).path)
        if response.status_code != 200 or "text/html" not in response["Content-Type"]:
            continue
        document = html.fromstring(response.content)
        yield path, document
        queue += [link for link in _links(document, path) if link not in known]


def _links(document: Any, page: str) -> list[str]:
    found = [urlsplit(urljoin(page, link)) for link in document.xpath("//a/@href")]
    return [link.path for link in found if not link.netloc or link.netloc.endswith("localhost:8000")]


def side(host: str) -> str:
    return "platform" if host == "localhost" else "tenant"


def route_of(host: str, path: str) -> str:
    try:
        return str(resolve(path, urlconf=routes.HOSTS[side(host)]).url_name or "")
    except Resolver404:
        return ""


def read(document: Any, visitor: Visitor, page: str) -> list[Form]:
    """The forms of a page."""
    found = []
    for element in document.xpath("//form"):
        action = urlsplit(urljoin(page, element.get("action") or page)).path
        form = Form(
            visitor,
            page,
            action,
            (element.get("method") or "get").lower(),
            element.get("enctype") == MULTIPART,
            fields(element),
        )
        form.route = route_of(visitor.host, action)
        found.append(form)
    return found


def fields(element: Any) -> list[Field]:
    """The fields of a form; boxes and buttons of one name are one field."""
    found: dict[str, Field] = {}
    for control in element.xpath(".//input[@name] | .//textarea[@name] | .//select[@name]"):
        one = _field(control)
        before = found.get(one.name)
        if before is not None:
            one = Field(one.name, one.kind, before.values + one.values, before.options + one.options, one.trap)
        found[one.name] = one
    return list(found.values())


def _field(control: Any) -> Field:
    name, trap = control.get("name"), bool(control.xpath("ancestor::*[@aria-hidden='true']"))
    limit = int(control.get("maxlength", 100_000))
    if control.tag == "textarea":
        # A line end at the beginning belongs to the markup.
        return Field(name, "textarea", ((control.text or "").removeprefix("\n"),), trap=trap, limit=limit)
    if control.tag == "select":
        options = tuple(option.get("value", option.text or "") for option in control.xpath(".//option"))
        chosen = tuple(option.get("value", "") for option in control.xpath(".//option[@selected]"))
        return Field(name, "select", chosen, options, trap)
    kind, value = control.get("type", "text"), control.get("value")
    if control.get("autocomplete") in (CODE, KNOWN_PASSWORD):
        kind = control.get("autocomplete")
    if kind in ("checkbox", "radio"):
        checked = (value or "on",) if control.get("checked") is not None else ()
        return Field(name, kind, checked, (value or "on",), trap)
    return Field(name, kind, (value or "",), trap=trap, limit=limit)


def _sensible(one: Field) -> tuple[str, ...]:
    """What a person would give: what stands there, or something that fits."""
    if one.trap or one.kind in ("file", "submit", "button"):
        return ()
    if one.name in KNOWN:
        return KNOWN[one.name]
    if any(one.values) or one.kind == "hidden":
        return one.values
    if one.kind in ("select", "radio", "checkbox"):
        return tuple(value for value in one.options if value)[:1]
    return (_typed(one),)


def _typed(one: Field) -> str:
    # Receipts and discoveries lie shortly before now, what takes effect far enough ahead.
    recent = timezone.now().astimezone(ZoneInfo("Europe/Berlin")) - timedelta(hours=1)
    match one.kind:
        case "email":
            return "somebody@mail.example"
        case "number":
            return "3"
        case "date":
            return f"{recent + timedelta(days=60) if 'effective' in one.name else recent:%Y-%m-%d}"
        case "time":
            return f"{recent:%H:%M}"
        case "password":
            return f"{PASSWORD} anew"
        case "current-password":
            return PASSWORD
        case _:
            return f"Words for {one.name.replace('_', ' ')}"
