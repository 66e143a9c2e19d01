"""The people of every test. Dov is the outsider: he belongs to another tenant."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from audit import context
from audit.signatures.catalogue import Evidence, Meaning, Signing
from tenants import schemas
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import by_email
from tenants.members.roles import actions as roles
from tenants.tenancy import actions as tenancy
from tenants.tenancy.models import Tenant

BEGINNING = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
DIRECTOR = context.service("casting")


@dataclass(frozen=True)
class Part:
    name: str
    email: str
    role: str


PLATFORM = {
    "pat": Part("Pat Platform", "pat@complere.example", "platform_admin"),
    "tess": Part("Tess Editor", "tess@complere.example", "trust_editor"),
    "leo": Part("Leo Legal", "leo@complere.example", "legal"),
    "sam": Part("Sam Security", "sam@complere.example", "security_team"),
    "sue": Part("Sue Second", "sue@complere.example", "security_team"),
    "sup": Part("Suki Support", "sup@complere.example", "support"),
    "stan": Part("Stan Auditor", "stan@complere.example", "staff_auditor"),
}
ACME = {
    "ann": Part("Ann Admin", "ann@acme.example", "tenant_admin"),
    "ben": Part("Ben Privacy", "ben@acme.example", "privacy_officer"),
    "sid": Part("Sid Security", "sid@acme.example", "security_officer"),
    "cay": Part("Cay Member", "cay@acme.example", "member"),
    "aud": Part("Aud Itor", "aud@acme.example", "auditor"),
}
GLOBEX = {
    "dov": Part("Dov Outsider", "dov@globex.example", "tenant_admin"),
    "gil": Part("Gil Privacy", "gil@globex.example", "privacy_officer"),
}


def assemble() -> None:
    """Make platform, two tenants and everybody, once for each template database."""
    tenancy.install_platform(origin="http://localhost:8000", region="eu-central", actor=DIRECTOR, now=BEGINNING)
    with schemas.on_platform():
        _hire(PLATFORM)
    for name, host, parts in (("Acme Pharma", "acme.localhost", ACME), ("Globex Biotech", "globex.localhost", GLOBEX)):
        tenant = tenancy.provision(
            name=name,
            origin=f"http://{host}:8000",
            region="eu-central",
            actor=DIRECTOR,
            now=BEGINNING,
            reason="Set the stage",
        )
        with schemas.inside(tenant):
            _hire(parts)


def _hire(parts: dict[str, Part]) -> None:
    for part in parts.values():
        user = accounts.create_user(
            email=part.email, full_name=part.name, actor=DIRECTOR, now=BEGINNING, reason="Set the stage"
        )
        roles.grant(user, role=part.role, actor=DIRECTOR, now=BEGINNING, reason="Set the stage")
        accounts.set_password(user, password=PASSWORD, actor=DIRECTOR, now=BEGINNING, reason="Set the stage")


def tenant(name: str) -> Tenant:
    """`acme`, `globex` or `localhost` (the platform)."""
    host = name if name == "localhost" else f"{name}.localhost"
    with schemas.on_platform():
        return Tenant.objects.get(domains__domain=host)


def person(key: str) -> User:
    """The user row of somebody of the cast; enter their schema first."""
    part = {**PLATFORM, **ACME, **GLOBEX}[key]
    user = by_email(part.email)
    assert user is not None, f"{key} is not in this schema"
    return user


def signing(now: datetime, meaning: Meaning = Meaning.APPROVAL) -> Signing:
    """An act of signing by somebody who has just proved with two components who they are."""
    evidence = Evidence(methods=("password", "totp"), authenticated_at=now)
    return Signing(meaning=meaning, evidence=evidence, time_zone="Europe/Berlin", nonce=uuid.uuid4().hex)


def who_signs() -> context.Actor:
    """Who answers for decisions in the schema we are in."""
    found = (by_email(part.email) for part in (ACME["ben"], GLOBEX["gil"], PLATFORM["leo"]))
    return next(user.actor for user in found if user is not None)
