"""Records in every state in which a page offers a form, made by the product's own actions; and everybody signed in."""

import io
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pypdf import PdfWriter

from privacy.incidents import actions as incident_actions
from privacy.intake import actions as intake
from privacy.subject_requests.catalogue import Channel
from privacy.subject_requests.states import State as Case
from tenants import schemas
from tenants.members.access_reviews import actions as access_reviews
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.api_tokens import actions as api_tokens
from tenants.members.contacts import actions as contacts
from tenants.members.email_domains import actions as domains
from tenants.members.factor_resets import actions as factor_resets
from tenants.members.factors import hashing as codes
from tenants.members.factors import queries as factors
from tenants.members.federation import actions as federation
from tenants.members.identity_providers import actions as providers
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.scim import actions as scim
from tenants.members.scim.catalogue import Group
from tenants.tenancy import actions as tenancy
from tenants.tenancy.models import Tenant
from tests import cast, staff_visits
from tests.privacy.breach_notices import stage as notices
from tests.privacy.incidents import stage as incidents
from tests.privacy.subject_requests import filings
from tests.tenants.members import sso
from tests.trust_center import publishing
from tests.trust_center.document_requests import mailbox
from tests.trust_center.documents import shelf
from trust_center.claims import actions as claims
from trust_center.claims import presenters as claim_words
from trust_center.claims import queries as claim_queries
from trust_center.claims.models import Statement
from trust_center.document_requests.models import DocumentRequest
from trust_center.documents import actions as documents
from trust_center.documents.adapters import printing
from trust_center.documents.models import DocumentVersion
from trust_center.documents.states import Classification, Kind
from trust_center.subprocessor_register import actions as register
from trust_center.subprocessor_register import queries as register_queries
from trust_center.updates import actions as updates

SCHEMAS = {"platform": "localhost", "acme": "acme.localhost", "globex": "globex.localhost"}
WHY = "Set the stage"
JAMS = "This jams the press."


@dataclass
class Visitor:
    """Somebody at a browser on one host; a stranger has no cookies. `app` is the secret of an authenticator app."""

    name: str
    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    app: bytes = b""

    def browser(self, *, csrf: bool = False) -> Client:
        client = Client(headers={"host": self.host}, enforce_csrf_checks=csrf)
        for name, value in self.cookies.items():
            client.cookies[name] = value
        return client

    def code(self) -> str:
        """What the authenticator app shows now."""
        return codes.code_at(self.app, codes.step_at(timezone.now())) if self.app else ""


@dataclass
class Stage:
    tenants: dict[str, Tenant]
    visitors: list[Visitor]
    # Addresses of every link that was mailed: (host, path).
    mailed: list[tuple[str, str]] = field(default_factory=list)
    # Records of the console that stand far down in a list.
    starts: list[str] = field(default_factory=list)


def press(page: str) -> tuple[int, bytes]:
    """A press that prints one page of nothing, and fails when the page says so."""
    if JAMS in page:
        raise printing.PrintingFailed("The press is jammed.")
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.write(out)
    return 1, out.getvalue()


def set_stage() -> Stage:
    now = timezone.now()
    tenants = {key: cast.tenant("localhost" if key == "platform" else key) for key in SCHEMAS}
    with schemas.on_platform():
        call_command("load_content", verbosity=0)
        publishing.publish_all(now)
        documents.order_first_versions(now)
        documents.print_due(timezone.now())
        for version in DocumentVersion.objects.filter(state="draft"):
            publishing.publish_version(version, now=now)
        documents.make_copies(timezone.now())
        _documents(now)
        starts = _drafts(now) + [f"/console/document-requests/{record.pk}/" for record in DocumentRequest.objects.all()]
        updates.subscribe(email="reader@mail.example", every_change=True, now=now)
        _people("pat", now)
    _breaches(now)
    for key in ("platform", "acme"):
        with schemas.inside(tenants[key]):
            _cases(now)
    with schemas.inside(tenants["acme"]):
        _people("ann", now)
    _suspended(now)
    for key in ("platform", "acme"):
        with schemas.inside(tenants[key]):
            _ways_in(tenants[key], now)
    walked = {key: tenants[key] for key in ("platform", "acme")}
    stage = Stage(tenants, [Visitor("stranger", SCHEMAS[key]) for key in walked], starts=starts)
    for key, tenant in walked.items():
        with schemas.inside(tenant):
            # Whoever manages people has a second browser: what signs it out is on a page then.
            cast.browser(_everybody()[0], tenant)
            stage.visitors += [_signed_in(user, tenant, SCHEMAS[key]) for user in _everybody()]
            stage.mailed += [(SCHEMAS[key], path) for path in _links(tenant)]
    _visits(stage)
    return stage


def _visits(stage: Stage) -> None:
    """Entries of staff that wait and that are open, a way in that nobody has used, and somebody inside."""
    acme = stage.tenants["acme"]
    staff_visits.asked(acme, ticket="SUP-1")
    open_ = staff_visits.approved(acme, ticket="SUP-2")
    stage.mailed.append((SCHEMAS["acme"], f"/staff/enter/{staff_visits.ticket(open_)}/"))
    client, _ = staff_visits.inside(acme, by="sam", minutes=60)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    stage.visitors.append(Visitor("Complere staff", SCHEMAS["acme"], cookies))


def _everybody() -> list[User]:
    return [user for user in User.objects.order_by("created_at") if user.is_active and user.has_usable_password()]


def _signed_in(user: User, tenant: Tenant, host: str) -> Visitor:
    client = cast.browser(user, tenant)
    apps = factors.authenticators(factors.factors_of(user))
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    return Visitor(user.role_names, host, cookies, factors.secret_of(apps[0]) if apps else b"")


def _links(tenant: Tenant) -> list[str]:
    mails = Email.objects.select_related("subject_key")
    words = [word for mail in mails for word in mail.body.split() if word.startswith(tenant.origin)]
    return sorted({word.removeprefix(tenant.origin).rstrip(".,") or "/" for word in words})


def _people(admin: str, now: datetime) -> None:
    """Somebody invited, new, gone, or without password; contacts that were asked; a reset of what one signs with."""
    actor = cast.person(admin).actor
    by: dict[str, Any] = {"actor": actor, "now": now, "reason": WHY}
    invited = accounts.create_user(email="invited@mail.example", full_name="Ina Invited", **by)
    role = "auditor" if admin == "ann" else "staff_auditor"
    roles.grant(invited, role=role, **by)
    accounts.send_invitation(invited, **by)
    gone = accounts.create_user(email="gone@mail.example", full_name="Gil Gone", **by)
    accounts.set_password(gone, password=cast.PASSWORD, **by)
    roles.deactivate(gone, **by)
    new = accounts.create_user(email="new@mail.example", full_name="Nia New", **by)
    roles.grant(new, role="privacy_officer" if admin == "ann" else "legal", **by)
    accounts.set_password(new, password=cast.PASSWORD, **by)
    factor_resets.ask(cast.person("ben" if admin == "ann" else "leo"), actor=new.actor, now=now, reason=WHY)
    accounts.request_password_reset(email=cast.person(admin).email, address="127.0.0.1", now=now)
    contacts.keep(kind="security", full_name="Cora Contact", email="watch@mail.example", phone="", **by)
    if admin == "ann":
        roles.make(name="Trail reader", purpose="Reads the trail", permissions=["audit.view_history"], **by)
    access_reviews.open_review(**by)


def _ways_in(tenant: Tenant, now: datetime) -> None:
    """Providers of both protocols, in use and not yet, a domain, and an identity of who looks after them."""
    if not tenant.is_platform:
        sso.enterprise(tenant)
    person = cast.person("pat" if tenant.is_platform else "ann")
    by: dict[str, Any] = {"actor": person.actor, "now": now, "reason": WHY}
    used = sso.provider()
    sso.provider(name="Tested", issuer="https://tested.example", state="draft")
    sso.provider(name="Untested", issuer="", state="draft", last_test={})
    providers.create(kind="saml", name="Campus", **by)
    federation.link(person, used, sso.said(), now=now)
    domains.add(domain="staged.example", **by)
    api_tokens.create(purpose="api", name="Robot", scopes=["api.read_self"], networks=[], days=30, **by)
    if not tenant.is_platform:
        scim.create_group(said=Group("Staged"), actor=person.actor, now=now)


def _cases(now: datetime) -> None:
    """A data-subject request in every state, and mails of the public door."""
    for state in set(Case) - {Case.FORWARDED}:
        filings.in_state(state, now, subject_email=f"{state}@mail.example")
    for email in ("door@mail.example", "unsure@mail.example"):
        given = filings.filing(subject_email=email, channel=Channel.WEB_FORM, received_at=now)
        record = intake.submit(given, form_token=uuid.uuid4(), now=now)
        if email.startswith("door"):
            intake.confirm(record, now=now)


def _documents(now: datetime) -> None:
    """Every published document, and a request of each state; the tenant's own as well."""
    waiting = mailbox.received(now, nonce="h1", email="waiting@mail.example")
    assert waiting.state == "received"
    mailbox.asked(mailbox.received(now, nonce="h2", email="asked@mail.example"), now)
    mailbox.granted(mailbox.received(now, nonce="h3", email="granted@mail.example"), "dpa", now=now)
    mailbox.refused(mailbox.received(now, nonce="h4", email="refused@mail.example"), now)
    mailbox.actions.submit(mailbox.filing(email="unconfirmed@mail.example"), nonce="h5", now=now)
    acme = cast.tenant("acme")
    with schemas.inside(acme):
        member = cast.person("cay")
        email, role = member.email, member.role_names
    for number, kind in enumerate(("dpa", "sla")):
        made = mailbox.actions.submit_for_tenant(
            mailbox.filing(email=email, kinds=(kind,), is_customer=True), tenant=acme, member_id=member.pk,
            role=role, nonce=f"own-{number}", now=now,
        )  # fmt: skip
        if kind == "sla":
            mailbox.asked(DocumentRequest.objects.select_related("subject_key").get(pk=made), now)


def _drafts(now: datetime) -> list[str]:
    """A claim, a sub-processor and a document with a draft beside the published version; where to find them."""
    by: dict[str, Any] = {"actor": cast.person("tess").actor, "now": now, "reason": WHY}
    claim = Statement.objects.filter(kind="claim", state="published").order_by("code")[0]
    seen = claim_queries.wording_digest([claim])
    initial = claim_words.initial(claim, seen)
    wording = {name: value for name, value in initial.items() if name not in ("seen", "reason")}
    wording["rules"] = list(claim.rules)
    claims.edit(claim.code, wording={**wording, "heading": f"{claim.heading} today"}, seen=seen, **by)
    entry = {name: value for name, value in shelf.listing("", 90).items() if name not in ("code", "engaged_on")}
    wording = {**entry, "effective_on": now.date() + timedelta(days=60)}
    # The same entry added twice is one draft.
    draft = register.add(wording={**wording, "purpose": "Printing of certificates"}, **by)
    announced = register.add(wording=wording, **by)
    register.publish(announced, seen=register_queries.wording_digest(announced), **by)
    for kind, changes in ((Kind.SLA, "Second version."), (Kind.SECURITY_OVERVIEW, JAMS)):
        documents.prepare(
            kind=kind, classification=Classification.RESTRICTED, needs_nda=False, changes=changes,
            effective_on=now.date() + timedelta(days=3), **by,
        )  # fmt: skip
    documents.print_due(timezone.now())
    codes = [f"/console/sub-processors/{listing.code}/" for listing in (draft, announced)]
    return [f"/console/content/entries/{claim.code}/", *codes]


def _breaches(now: datetime) -> None:
    """Incidents of every state, notices of every state, one arrived and read."""
    at = now - timedelta(hours=4)
    with schemas.on_platform():
        incidents.log(now=at, detected_at=at)
        assessing = incidents.log(now=at, detected_at=at, own_data=True)
        incident_actions.assess(assessing, actor=incidents.actor("sam"), now=at, reason=WHY)
    _, rows = incidents.breach("acme", "globex", at=at)
    notices.send(rows[0], now=at)
    with schemas.on_platform():
        notices.draft(rows[1], now=at)
    _, rows = incidents.breach("acme", "globex", at=at, own_data=True)
    with schemas.on_platform():
        notices.approved(rows[0], now=at)
    with schemas.inside(cast.tenant("acme")):
        incidents.log(by="sid", now=at, detected_at=at, own_data=True)


def _suspended(now: datetime) -> None:
    by: dict[str, Any] = {"actor": cast.DIRECTOR, "now": now, "reason": WHY}
    made = tenancy.provision(name="Idle Ltd", origin="http://idle.localhost:8000", region="eu-central", **by)
    tenancy.suspend(made, **by)
