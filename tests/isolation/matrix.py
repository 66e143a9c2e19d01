"""The authorization matrix: every address × every role × two tenants × own and other records (ASVS 8.2, 8.4.1).

What must come out is not written down: it is worked out from what each view declares and from what each role carries.
An address that somebody adds is walked at once; one that declares nothing, or names a record of which the walk knows
none, fails.
"""

from dataclasses import dataclass
from enum import StrEnum

from audit import presenters
from tenants.members import access
from tests.architecture import routes
from tests.isolation.conftest import Stage, Visitor
from tests.isolation.test_no_tenant_sees_another import (
    PAIRS,
    arguments,
    forbidden,
    names_a_record,
    paths,
)

# Whose records are tried beside one's own, and whose words must never be read. A tenant reads what it asked Complere.
OTHERS = {"platform": ("acme", "globex"), "acme": ("globex",), "globex": ("acme", "platform")}
# Where somebody without the second factor that they need is sent; open to them.
SET_UP = "signing"
# Addresses that show what was planted in no state, or in another one: theirs have tests of their own for what is shown.
NOT_SHOWN = {
    "trail-anchor": "no head of the log is signed before a sweep",
    "incident-logged": "it thanks the one person who logged it",
    "document-request": "the planted one is not confirmed",
    "document-request-grant": "the planted one is not confirmed",
    "document-request-refuse": "the planted one is not confirmed",
    "document-request-ask": "the planted one is not confirmed",
    "document-as-signed": "nothing is printed",
    "staff-leave": "only a visitor of Complere's staff leaves there",
    "breach-notice-acknowledge": "the planted notice names no incident of its own",
    "document-request-answer": "the planted one is not answered",
    "document-request-withdraw": "the planted one is not confirmed",
}
# What was planted there is no ciphertext: who comes in gets as far as opening it.
UNREADABLE = {"subject-request-file"}
# Signatures are read by whoever may read the record that was signed: the planted one is over a person.
BESIDE = {"signature": "members.view_people"}


class Outcome(StrEnum):
    IN = "comes in"
    REFUSED = "is refused (403)"
    ABSENT = "finds nothing (404, 410)"
    SIGN_IN = "is sent to sign in"
    SET_UP = "is sent to set up a second factor"
    MACHINES = "is told that this is for machines (401)"
    BROKEN = "breaks it"


class Kind(StrEnum):
    """How somebody stands at the door."""

    ROLE = "a role"
    NOBODY = "nobody"
    OUTSIDER = "signed in elsewhere"
    HALF = "has shown a password and no second factor"
    BARE = "has no second factor where one is required"


@dataclass(frozen=True)
class Guest:
    kind: Kind
    visitor: Visitor

    def __str__(self) -> str:
        return f"{self.visitor.name} ({self.kind})"


@dataclass(frozen=True)
class Seen:
    outcome: Outcome
    body: str


def expected(route: routes.Route, guest: Guest, *, own: bool, more: str = "") -> set[Outcome]:
    """What may come out, from what the view declares and what the guest's role carries.

    `more` is what the record itself asks for beside it: a history is read by whoever may read the record.
    """
    declared = routes.permission_of(route.view)
    if declared == access.PUBLIC:
        return set(Outcome) - {Outcome.BROKEN, Outcome.SET_UP}
    if declared == access.MACHINE:
        return {Outcome.MACHINES}
    if guest.kind in (Kind.NOBODY, Kind.OUTSIDER, Kind.HALF):
        return {Outcome.SIGN_IN}
    if guest.kind is Kind.BARE and not (access.is_enrolment(route.view) or route.name == SET_UP):
        return {Outcome.SET_UP}
    if declared != access.SIGNED_IN and declared not in guest.visitor.permissions:
        return {Outcome.REFUSED}
    return _inside(route, guest, own=own, more=more)


def _inside(route: routes.Route, guest: Guest, *, own: bool, more: str) -> set[Outcome]:
    """What somebody finds whom the address lets in."""
    if more and more not in guest.visitor.permissions:
        return {Outcome.REFUSED, Outcome.ABSENT}
    if route.name in UNREADABLE and own:
        return {Outcome.BROKEN}
    if not names_a_record(route) and route.converters:
        # A place in a list or a log, which may be empty here.
        return {Outcome.IN, Outcome.ABSENT}
    if route.name in NOT_SHOWN and own:
        return {Outcome.IN, Outcome.ABSENT}
    # What an address of one's account names belongs to one person, and is nobody else's of the same tenant either.
    someone_elses = declared_for_everybody(route) and names_a_record(route) and not guest.visitor.owns_rows
    return {Outcome.IN} if own and not someone_elses else {Outcome.ABSENT}


def declared_for_everybody(route: routes.Route) -> bool:
    return routes.permission_of(route.view) == access.SIGNED_IN


def look(guest: Guest, host: str, path: str, verb: str = "get") -> Seen:
    response = getattr(guest.visitor.at(host), verb)(path)
    if response.status_code == 405:
        # The address knows the other verb only.
        response = getattr(guest.visitor.at(host), "post" if verb == "get" else "get")(path)
    body = b"".join(response) if response.streaming else response.content
    return Seen(outcome_of(response), body.decode(errors="replace"))


def outcome_of(response) -> Outcome:
    status, away = response.status_code, response.get("Location", "")
    # With the way back: who has just signed out is sent there without.
    if status == 302 and "/sign-in/" in away and "next=" in away:
        return Outcome.SIGN_IN
    if status == 302 and away.endswith("/account/signing/"):
        return Outcome.SET_UP
    by_status = {401: Outcome.MACHINES, 403: Outcome.REFUSED, 404: Outcome.ABSENT, 410: Outcome.ABSENT}
    return Outcome.BROKEN if status >= 500 else by_status.get(status, Outcome.IN)


def guests(walk: Stage, here: str) -> list[Guest]:
    """Every role of this host, and everybody who has none here."""
    outsider = walk.visitors[OTHERS[here][0]][0]
    by_role = {visitor.name: visitor for visitor in walk.visitors[here]}
    # Roles last: some of what they may do ends sessions.
    return [
        Guest(Kind.NOBODY, Visitor("nobody", "")),
        Guest(Kind.OUTSIDER, outsider),
        Guest(Kind.HALF, walk.half[here]),
        *(Guest(Kind.BARE, walk.bare[key]) for key in walk.bare if key == here),
        *(Guest(Kind.ROLE, visitor) for visitor in by_role.values()),
    ]


def wrong(walk: Stage, route: routes.Route, here: str) -> list[str]:
    """Everything that comes out otherwise than the view declares."""
    mine = own_paths(walk, route, here)
    place = place_of_record(walk, route, here)
    if place is None:
        return [f"nobody whose role carries {routes.permission_of(route.view)} finds any of {mine}"]
    own = mine[place : place + 1]
    others = [path for one in OTHERS[here] if (path := like(walk, route, here, place, one))]
    found, more = [], asked_beside(walk, route, here, place)
    for guest in guests(walk, here):
        if routes.permission_of(route.view) == access.PUBLIC and guest.kind not in (Kind.NOBODY, Kind.OUTSIDER):
            continue
        tried = [*own, *(others if tries_others(route, here, guest) else [])]
        for path in tried:
            found += faults_of(walk, route, here, guest, path, own=path in own, more=more)
    return found


def asked_beside(walk: Stage, route: routes.Route, here: str, place: int) -> str:
    """The permission that the record at this place asks for beside the one of the view; empty for none."""
    kind = arguments(walk.scenes[here], route)[place]["kind"] if route.name in PAIRS else ""
    story = presenters.of(str(kind))
    return story.permission if story else BESIDE.get(str(route.name), "")


def tries_others(route: routes.Route, here: str, guest: Guest) -> bool:
    """Whoever may come in; and who is refused before a record is looked for, at one of two tenants and the console."""
    may = Outcome.IN in expected(route, guest, own=True)
    return guest.kind is Kind.ROLE and names_a_record(route) and (may or here != "acme")


def own_paths(walk: Stage, route: routes.Route, here: str) -> list[str]:
    """Addresses of one's own records; what Acme asked Complere for lies on the platform."""
    return paths(walk, route, here) or (paths(walk, route, "platform") if here == "acme" else [])


def like(walk: Stage, route: routes.Route, here: str, place: int, other: str) -> str:
    """The record elsewhere that is like one's own; empty where there is none."""
    mine, theirs = (arguments(walk.scenes[key], route) for key in (here, other))
    if not mine:
        return next(iter(paths(walk, route, other)), "")
    by_kind = route.name in PAIRS
    same = [n for n, found in enumerate(theirs) if (found["kind"] == mine[place]["kind"] if by_kind else n == place)]
    return paths(walk, route, other)[same[0]] if same else ""


def place_of_record(walk: Stage, route: routes.Route, here: str) -> int | None:
    """Which of one's own records the address shows: the ids of a feature are of several kinds, each tried here.

    None when somebody may come in and finds nothing. Where nobody of this host may, or an address names no record of
    the walk's, any will do.
    """
    able = [guest for guest in guests(walk, here) if expected(route, guest, own=True) == {Outcome.IN}]
    if routes.permission_of(route.view) in (access.PUBLIC, access.MACHINE) or not able or not names_a_record(route):
        return 0
    host, candidates = walk.tenants[here].host, own_paths(walk, route, here)
    if not candidates:
        return 0
    found = (n for n, path in enumerate(candidates) if look(able[0], host, path).outcome is Outcome.IN)
    return next(found, None)


def faults_of(
    walk: Stage, route: routes.Route, here: str, guest: Guest, path: str, *, own: bool, more: str
) -> list[str]:
    may = expected(route, guest, own=own, more=more)
    # Who is kept out is kept out whatever they do: by reading on one side, by sending on the other.
    sends = Outcome.IN not in may and (here == "globex" or not own)
    seen = look(guest, walk.tenants[here].host, path, "post" if sends else "get")
    found = [f"{guest} {seen.outcome} at {path}, not: {', '.join(may)}"] * (seen.outcome not in may)
    return found + [
        f"{guest} reads {secret} of elsewhere at {path}"
        for secret in forbidden(walk, *OTHERS[here])
        if secret in seen.body
    ]
