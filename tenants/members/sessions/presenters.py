"""Sessions as the person reads them, and whoever manages people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenants.members.accounts.models import User
from tenants.members.panels import Panel
from tenants.members.sessions import clock, queries
from tenants.members.sessions.catalogue import WORDS, Door
from tenants.members.sessions.models import Session

# First match counts: nearly every browser says that it is Chrome and Safari as well.
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
SECONDS: Final = {
    "totp": "authenticator app",
    "passkey": "passkey",
    "recovery": "recovery code",
    "provider": "second factor at the provider",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A session in a table. `mark` stands for it in forms; `here` is the browser that looks."""

    mark: str
    browser: str
    address: str
    way: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime
    here: bool


def rows(user: User, now: datetime, *, here: str = "") -> list[Row]:
    """The sessions of this person that open something; `here` is the key of the one that asks, which comes first."""
    limits = queries.limits_of(user)
    found = [_row(row, door, limits, here) for row in queries.standing(user, now) if (door := queries.door_in(row))]
    return sorted(found, key=lambda row: not row.here)


def browser_words(said: str) -> str:
    """What a browser says of itself, in two words: “Firefox on Windows”."""
    browser = next((name for mark, name in BROWSERS if mark in said), "")
    system = next((name for mark, name in SYSTEMS if mark in said), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else "A program that does not say what it is")


def account_panel(viewer: User, _person: User, now: datetime) -> Panel:
    """The section “Where you are signed in” of one's own account page."""
    return Panel("tenants/sessions/_account.html", {"count": len(queries.standing(viewer, now))})


def person_panel(viewer: User, person: User, now: datetime) -> Panel | None:
    """The section “Sessions” on the page of a person: for those only who could end them."""
    if not viewer.has_perm("members.manage_people"):
        return None
    told = {"person": person, "rows": rows(person, now), "oneself": viewer.pk == person.pk}
    return Panel("tenants/sessions/_person.html", told)


def _row(row: Session, door: Door, limits: clock.Limits, here: str) -> Row:
    return Row(
        mark=queries.mark_of(row.session_key),
        browser=browser_words(door.browser),
        address=door.address,
        way=_way(door),
        opened_at=door.opened_at,
        seen_at=row.seen_at or door.opened_at,
        ends_at=clock.ends_at(door.opened_at, row.expire_date, limits),
        here=row.session_key == here,
    )


def _way(door: Door) -> str:
    second = SECONDS.get(door.second, "second factor") if door.second_at is not None else ""
    return f"{WORDS[door.method]}, {second}" if second and door.second != door.method else WORDS[door.method]
