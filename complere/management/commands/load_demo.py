"""Load the demonstration: two tenants, people of every role, and records in every state. Idempotent."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit import context
from complere.demo import people, story
from tenants import schemas
from tenants.demo_codes.catalogue import APP
from tenants.members.access_policies import queries as policies
from tenants.members.accounts import actions as accounts
from tenants.members.accounts import queries as members
from tenants.members.factors import actions as factors
from tenants.members.factors import hashing as one_time
from tenants.members.factors import queries as factor_queries
from tenants.members.roles import actions as roles
from tenants.members.roles import catalogue
from tenants.members.signing_rights import actions as signing_rights
from tenants.members.signing_rights import queries as rights
from tenants.tenancy import actions as tenancy
from tenants.tenancy import queries as tenants
from tenants.tenancy.states import Plan

if TYPE_CHECKING:
    from tenants.members.accounts.models import User

LOADER = context.service("demonstration")
REASON = "Set up the demonstration"
# The story begins after its people came: what they sign in it is signed with codes of those days.
WORKED_BEFORE = timedelta(days=60)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration's passwords are public: it loads with DEMO=1 only.")
        now = timezone.now()
        with schemas.on_platform():
            hire(people.STAFF, now - WORKED_BEFORE)
        for customer in people.CUSTOMERS:
            found(customer, now - WORKED_BEFORE)
        story.tell(now)
        write_accounts()


def found(customer: people.Customer, now: datetime) -> None:
    """The tenant and its people; a known tenant gets the origin of this run, whose port may be another."""
    origin = origin_of(customer.host)
    with schemas.on_platform():
        tenant = tenants.by_host(customer.host)
    if tenant is None:
        tenant = tenancy.provision(
            name=customer.name,
            origin=origin,
            region=settings.REGION,
            plan=Plan(customer.plan),
            actor=LOADER,
            now=now,
            reason=REASON,
        )
    tenancy.change_origin(tenant, origin=origin, actor=LOADER, now=now, reason=REASON)
    with schemas.inside(tenant):
        hire(customer.people, now)


def hire(team: tuple[people.Person, ...], now: datetime) -> None:
    for person in team:
        if members.by_email(person.email) is None:
            user = accounts.create_user(
                email=person.email, full_name=person.name, job_title=person.job, actor=LOADER, now=now, reason=REASON
            )
            roles.grant(user, role=person.role, actor=LOADER, now=now, reason=REASON)
            accounts.set_password(user, password=people.PASSWORD, actor=LOADER, now=now, reason=REASON)
    here = [found for person in team if (found := members.by_email(person.email)) is not None]
    for user in here:
        if policies.second_is_required(user) or user.has_perm("members.sign"):
            give_app(user, now)
        if user.has_perm("members.sign"):
            get_ready_to_sign(user, verified_by=next(other for other in here if other.pk != user.pk), now=now)


def give_app(user: "User", now: datetime) -> None:
    """Staff show a second factor at each sign-in, and so does whoever has set one up to sign with."""
    if not factor_queries.factors_of(user):
        app = factors.new_authenticator(user, name=APP, now=now)
        code = one_time.code_at(factor_queries.secret_of(app), one_time.step_at(now))
        factors.confirm_authenticator(user, app, code=code, now=now)


def get_ready_to_sign(user: "User", *, verified_by: "User", now: datetime) -> None:
    """What each would do in person besides: be verified by a colleague, accept the policy."""
    if not rights.holds(rights.standing_check(user), user):
        signing_rights.verify_identity(
            user, method="employment_record", note="", actor=verified_by.actor, now=now, reason=REASON
        )
    version = rights.policy_in_force(now).version
    signing_rights.record_acceptance(user, version=version, actor=user.actor, now=now, reason=REASON)


def origin_of(host: str) -> str:
    platform = urlsplit(settings.PLATFORM_ORIGIN)
    return platform._replace(netloc=f"{host}:{platform.port}" if platform.port else host).geturl()


def write_accounts() -> None:
    """What the start of the demonstration prints."""
    places: list[tuple[str, tuple[people.Person, ...]]] = [(f"{settings.PLATFORM_ORIGIN}/console/", people.STAFF)]
    places += [(f"{origin_of(customer.host)}/", customer.people) for customer in people.CUSTOMERS]
    rows = [
        {"sign_in_at": url, "role": catalogue.ROLES[p.role].name, "e-mail": p.email, "password": people.PASSWORD}
        for url, team in places
        for p in team
    ]
    (settings.DATA_DIR / "demo-accounts.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
