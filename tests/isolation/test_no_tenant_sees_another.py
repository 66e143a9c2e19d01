"""Every address × every role × everybody else's ids: nothing is found, nothing is shown, nothing breaks.

An address that somebody adds is walked at once. One with an argument that FEEDS does not know fails, until it is said
which records of another tenant to try there.
"""

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import models
from django.urls import reverse

from audit import presenters
from tenants.members import access
from tests.architecture import routes
from tests.isolation.conftest import Stage, Visitor
from tests.isolation.scene import Scene

ROUTES = routes.every()
# What another tenant's record is answered with; 400: a ticket that was given to nobody here; 401: a machine's door
# knows no people; 405: no such verb there.
NOT_THERE = {400, 401, 403, 404, 405, 410}
# Where somebody is sent who is signed out.
OUT = ("sign-in/", "/signed-out/")


def of_model(label: str) -> Callable[[Scene, routes.Route], list[Any]]:
    return lambda scene, route: [scene.rows[label].pk] if label in scene.rows else []


def of_either(label: str) -> Callable[[Scene, routes.Route], list[Any]]:
    """Of every kind of a model."""
    return lambda scene, route: [row.pk for name, row in scene.rows.items() if name.startswith(label)]


# Features without records of their own: whose they show.
BORROWED = {"privacy.authority_notices": "privacy.incidents", "audit.signed_records": "audit.signatures"}


def of_feature(scene: Scene, route: routes.Route) -> list[Any]:
    """Ids of every record of the feature that the view belongs to, else of its whole app."""
    feature = getattr(route.view, "__module__", "").rsplit(".", 1)[0]
    if feature == "tenants.console":
        # The register of tenants is Complere's.
        return [scene.mark.customer] if scene.mark.schema == "public" else []
    found = [row for row in scene.rows.values() if isinstance(row._meta.pk, models.UUIDField)]
    own = [row for row in found if type(row).__module__.startswith(BORROWED.get(feature, feature) + ".")]
    return [row.pk for row in own or found if type(row).__module__.split(".")[0] == feature.split(".")[0]]


# Which records of another tenant are tried for an argument, by its name.
RECORDS: dict[str, Callable[[Scene, routes.Route], list[Any]]] = {
    "pk": of_feature,
    "person_id": of_model("members.User"),
    "factor_id": of_model("members.Factor"),
    "check_id": of_model("members.IdentityCheck"),
    "reset_id": of_model("members.FactorReset"),
    "export_id": of_model("audit.Export"),
    "trail_check_id": of_model("audit.TrailCheck"),
    "row": of_model("privacy.AffectedTenant"),
    "request_id": of_model("privacy.SubjectRequest"),
    "file_id": of_model("privacy.RequestFile"),
    "role_key": of_model("members.CustomRole"),
    "provider_id": of_either("members.IdentityProvider"),
    "entry_id": of_model("members.StaffEntry"),
    "token_id": of_model("members.AccessToken"),
    "domain": of_model("members.EmailDomain"),
    "group_id": of_model("members.ProvisionedGroup"),
    "secret": lambda scene, route: [scene.mark.token],
    "token": lambda scene, route: [scene.mark.token],
    # The demonstration's mailbox is everybody's and says so; a mail of it belongs to no schema.
    "name": lambda scene, route: ["0" * 32],
}
# Words that mean something of its own in every schema: what is found there must be one's own.
WORDS: dict[str, Callable[[Scene, routes.Route], list[Any]]] = {
    "slug": lambda scene, route: ["assess"],
    "number": lambda scene, route: [1],
    "index": lambda scene, route: [0, 25],
    "kind": lambda scene, route: ["security"],
    "code": lambda scene, route: ["published"],
    "page": lambda scene, route: ["trust-center"],
}
FEEDS = RECORDS | WORDS


def told_records(scene: Scene) -> list[dict[str, Any]]:
    """History names kind and id together; a number is everybody's: grant seven here is not grant seven there."""
    return [
        {"kind": story.kind, "pk": str(scene.rows[story.model._meta.label].pk)}
        for story in presenters.every()
        if story.model._meta.label in scene.rows and isinstance(story.model._meta.pk, models.UUIDField)
    ]


PAIRS: dict[str, Callable[[Scene], list[dict[str, Any]]]] = {
    "record-history": told_records,
    "export-record": told_records,
}


def arguments(scene: Scene, route: routes.Route) -> list[dict[str, Any]]:
    """What to try at this address of the records in `scene`."""
    if route.name in PAIRS:
        return PAIRS[route.name](scene)
    values = [FEEDS[name](scene, route) for name in route.converters]
    return [dict(zip(route.converters, combination, strict=True)) for combination in itertools.product(*values)]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
def test_it_is_known_what_to_try_at_every_address(route):
    assert set(route.converters) <= set(FEEDS), f"say in FEEDS what belongs into {set(route.converters) - set(FEEDS)}"


def names_a_record(route: routes.Route) -> bool:
    return bool(set(route.converters) & set(RECORDS))


def test_something_of_every_model_is_planted(walk):
    for key, scene in walk.scenes.items():
        assert len(scene.rows) >= 15, key
    assert set(walk.scenes["acme"].rows) == set(walk.scenes["globex"].rows)
    assert "privacy.SubjectRequest" in walk.scenes["acme"].rows


@dataclass
class Answer:
    what: str
    status: int
    to_sign_in: bool
    body: str


def ask(visitor: Visitor, host: str, verb: str, path: str) -> Answer:
    response = getattr(visitor.at(host), verb)(path)
    body = b"".join(response) if response.streaming else response.content
    away = response.status_code == 302 and any(place in response["Location"] for place in OUT)
    return Answer(f"{visitor.name} {verb} {host}{path}", response.status_code, away, body.decode(errors="replace"))


def paths(walk: Stage, route: routes.Route, owner: str) -> list[str]:
    urlconf = routes.HOSTS[route.host]
    return [reverse(route.name, urlconf=urlconf, kwargs=found) for found in arguments(walk.scenes[owner], route)]


def forbidden(walk: Stage, *owners: str) -> set[str]:
    return set().union(*({walk.scenes[owner].mark.word} | walk.names[owner] for owner in owners))


def faults(answers: list[Answer], secrets: set[str], *, hidden: bool) -> list[str]:
    """Everything wrong with the answers; `hidden`: the record asked for must not be there."""
    found = [f"{a.what}: shows {secret}" for a in answers for secret in secrets if secret in a.body]
    found += [f"{a.what}: {a.status}" for a in answers if a.status >= 500]
    if hidden:
        found += [
            f"{a.what}: {a.status}"
            for a in answers
            if a.status < 500 and a.status not in NOT_THERE and not a.to_sign_in
        ]
    return found


VERBS = ("get", "post")
TENANT_ROUTES = [route for route in ROUTES if route.host == "tenant"]
PLATFORM_ROUTES = [route for route in ROUTES if route.host == "platform"]


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=lambda route: route.id)
@pytest.mark.req("ASVS-8.4.2")
def test_people_of_a_tenant_find_nothing_of_another_tenant_or_of_complere(walk, route):
    # Every role tries what is Acme's; what is Complere's is tried by one role, another at each address.
    tries = [(visitor, "acme") for visitor in walk.visitors["globex"]] + [(strange(walk, "globex", route), "platform")]
    answers = [
        ask(visitor, "globex.localhost", verb, path)
        for visitor, owner in tries
        for verb in VERBS
        for path in paths(walk, route, owner)
    ]
    assert answers
    assert faults(answers, forbidden(walk, "acme", "platform"), hidden=names_a_record(route)) == []


@pytest.mark.parametrize("route", PLATFORM_ROUTES, ids=lambda route: route.id)
@pytest.mark.req("ASVS-8.4.2")
def test_staff_find_nothing_of_a_tenant(walk, route):
    answers = [
        ask(visitor, "localhost", verb, path)
        for visitor in walk.visitors["platform"]
        for verb in VERBS
        for path in paths(walk, route, "acme")
    ]
    assert faults(answers, forbidden(walk, "acme"), hidden=names_a_record(route)) == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
@pytest.mark.req("ASVS-8.4.2")
def test_a_session_of_elsewhere_and_no_session_at_all_open_nothing(walk, route):
    closed = routes.permission_of(route.view) != access.PUBLIC
    hosts = {"platform": ["platform"], "tenant": ["acme", "globex"]}[route.host]
    answers = []
    for here in hosts:
        # A public link is for whoever holds it, so only links of elsewhere are tried there.
        owners = [owner for owner in walk.tenants if closed or owner != here]
        tried = sorted({path for owner in owners for path in paths(walk, route, owner)})
        strangers = [strange(walk, elsewhere, route) for elsewhere in walk.tenants if elsewhere != here]
        for visitor in (*strangers, Visitor("nobody", "")):
            answers += [ask(visitor, walk.host(here), verb, path) for verb in VERBS for path in tried]
    everybodys = forbidden(walk, *walk.tenants)
    assert faults(answers, everybodys, hidden=closed or names_a_record(route)) == []


def strange(walk: Stage, elsewhere: str, route: routes.Route) -> Visitor:
    """One person of another schema; who it is changes from address to address, so that every role is tried."""
    number = int(hashlib.sha256(route.id.encode()).hexdigest(), 16)
    return walk.visitors[elsewhere][number % len(walk.visitors[elsewhere])]


def test_a_leak_would_be_noticed(walk):
    """The walk itself: at home the same records are found, and their canaries shown."""
    home = [ask(visitor, "acme.localhost", "get", "/people/") for visitor in walk.visitors["acme"]]
    shown = faults(home, forbidden(walk, "acme"), hidden=True)
    assert any("shows Ann Admin" in fault for fault in shown)
    assert any(fault.endswith(": 200") for fault in shown)


NOT_FOR_PEOPLE = {access.PUBLIC, access.MACHINE}
HOME = [
    route for route in TENANT_ROUTES if names_a_record(route) and routes.permission_of(route.view) not in NOT_FOR_PEOPLE
]


@pytest.mark.parametrize("route", HOME, ids=lambda route: route.id)
def test_what_is_tried_abroad_is_found_at_home(walk, route):
    """Otherwise the walk would try ids that nobody could open, and prove nothing."""
    answers = [
        ask(visitor, "acme.localhost", verb, path)
        for visitor in walk.visitors["acme"]
        for verb in VERBS
        # What a tenant asks Complere for lies on the platform.
        for path in paths(walk, route, "acme") + paths(walk, route, "platform")
    ]
    assert {answer.status for answer in answers} - NOT_THERE, sorted({answer.status for answer in answers})


def test_a_number_that_both_tenants_use_means_a_record_of_ones_own(walk):
    number = walk.scenes["acme"].rows["members.RoleGrant"].pk
    answers = [
        ask(visitor, "globex.localhost", "get", f"/history/members.rolegrant/{number}/")
        for visitor in walk.visitors["globex"]
    ]
    assert {answer.status for answer in answers} == {200, 403}
    assert faults(answers, forbidden(walk, "acme", "platform"), hidden=False) == []
