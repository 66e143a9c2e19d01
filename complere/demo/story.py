"""What happened in the demonstration before you came: records in every state, made by the product's own actions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from audit.context import Actor
from audit.signatures.catalogue import Meaning
from complere.demo import signing
from privacy.incidents import actions as incidents
from privacy.incidents import queries as incident_queries
from privacy.subject_requests import actions as requests
from privacy.subject_requests import queries as request_queries
from privacy.subject_requests.catalogue import Channel, Check, Relation, Right
from tenants import schemas
from tenants.members.accounts import queries as members
from tenants.members.contacts import actions as contacts
from tenants.members.contacts import queries as contact_queries
from tenants.tenancy import queries as tenants
from trust_center.document_requests import actions as document_requests
from trust_center.document_requests.catalogue import Filing

if TYPE_CHECKING:
    from tenants.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the story: what was asked, how many days ago, and how far it came."""

    right: Right
    name: str
    email: str
    details: str
    days_ago: int
    relation: Relation
    channel: Channel
    goes_to: str


REQUESTS = (
    Asked(
        Right.ACCESS,
        "Ingrid Voss",
        "ingrid.voss@mail.example",
        "Please send me a copy of everything you hold about me from the training records, and who received it.",
        19,
        Relation.EMPLOYEE,
        Channel.EMAIL,
        "in progress",
    ),
    Asked(
        Right.ERASURE,
        "Mateo Álvarez",
        "mateo@mail.example",
        "I left the supplier portal in spring. Please delete my account and contact data.",
        2,
        Relation.SUPPLIER,
        Channel.EMAIL,
        "received",
    ),
    Asked(
        Right.RECTIFICATION,
        "Oluwaseun Adeyemi",
        "o.adeyemi@mail.example",
        "My family name is spelled wrongly in the deviation reports since August.",
        11,
        Relation.EMPLOYEE,
        Channel.LETTER,
        "delivered",
    ),
    Asked(
        Right.PORTABILITY,
        "Clara Jensen",
        "clara.jensen@mail.example",
        "I would like my training history in a machine-readable form for my new employer.",
        36,
        Relation.EMPLOYEE,
        Channel.PHONE,
        "validated",
    ),
)


def tell(now: datetime) -> None:
    """Nothing is written twice: each part looks whether it was told already."""
    with schemas.on_platform():
        signing.sign_content(now)
        acme = tenants.by_host("acme.localhost")
    if acme is None:
        return
    with schemas.inside(acme):
        _requests(now)
        _contacts(now)
        _document_request(acme, now)
    with schemas.on_platform():
        _incident(now)


def _actor(email: str) -> Actor:
    person = members.by_email(email)
    assert person is not None, f"{email} is not here"  # noqa: S101  hired just before
    return person.actor


def _requests(now: datetime) -> None:
    if request_queries.every().exists():
        return
    for asked in REQUESTS:
        _request(asked, now - timedelta(days=asked.days_ago))


def _request(asked: Asked, then: datetime) -> None:
    """Each step some time after the one before, as people work."""
    officer = _actor("privacy@acme.example")
    filing = requests.Filing(
        right=asked.right,
        subject_name=asked.name,
        subject_email=asked.email,
        details=asked.details,
        relation=asked.relation,
        channel=asked.channel,
        received_at=then - timedelta(minutes=25),
        late_entry_reason="Arrived shortly before midnight",
    )
    record = requests.file(filing, actor=officer, now=then, reason="Received by the privacy office")
    if asked.goes_to == "received":
        return
    record = requests.assign(
        record, assignee=members.by_id(str(officer.id)), actor=officer, now=then, reason="Taken by the privacy office"
    )
    record = requests.validate(
        record,
        check=Check.CALLBACK,
        note="Called back on the number in the personnel file.",
        actor=officer,
        now=then + timedelta(hours=20),
        reason="Identity confirmed by call-back",
    )
    if asked.goes_to == "validated":
        return
    record = requests.begin(record, actor=officer, now=then + timedelta(hours=30), reason="Systems are being searched")
    if asked.goes_to == "delivered":
        ben, at = members.by_id(str(officer.id)), then + timedelta(days=4)
        requests.deliver(
            record,
            answer="The spelling was corrected in all eleven reports. The former spelling stays in their history.",
            checklist={item.key: "" for item in record.type.items},
            signing=signing.sign_as(ben, Meaning.RESPONSIBILITY, "request to become delivered", at),
            actor=officer,
            now=at,
            reason="All records corrected",
        )


def _contacts(now: datetime) -> None:
    if contact_queries.contacts().exists():
        return
    admin = _actor("admin@acme.example")
    for kind, name, email in (
        ("security", "Sina Security", "security@acme.example"),
        ("privacy", "Ben Privacy", "privacy@acme.example"),
    ):
        contacts.keep(
            kind=kind,
            full_name=name,
            email=email,
            phone="+49 69 5550 100",
            actor=admin,
            now=now,
            reason="Named when the workspace was opened",
        )


def _incident(now: datetime) -> None:
    if incident_queries.incidents().exists():
        return
    analyst = _actor("security@complere.example")
    detected = now - timedelta(hours=5)
    incident = incidents.log(
        facts={
            "title": "Support export sent to the wrong mailbox",
            "description": "An export of support tickets was attached to a mail to a former supplier. "
            "The mail was recalled; whether it was opened is being found out.",
            "detected_at": detected,
            "natures": ["confidentiality"],
            "own_data": False,
        },
        actor=analyst,
        now=detected + timedelta(minutes=20),
        reason="Reported by customer support",
    )
    incidents.assess(incident, actor=analyst, now=detected + timedelta(minutes=45), reason="The mail log is being read")


def _document_request(acme: "Tenant", now: datetime) -> None:
    """Asked some hours ago in Acme's workspace; the form's nonce keeps it from being asked twice."""
    member = members.by_email("member@acme.example")
    assert member is not None  # noqa: S101  hired just before
    filing = Filing(
        name=member.full_name,
        email=member.email,
        company=acme.name,
        country="DE",
        purpose="qualification",
        message="Supplier qualification of the eQMS, due before the internal audit in December.",
        is_customer=True,
        kinds=("dpa", "security-overview"),
    )
    document_requests.submit_for_tenant(
        filing,
        tenant=acme,
        member_id=member.pk,
        role=member.role_names,
        nonce="demonstration-first-request",
        now=now - timedelta(hours=3),
    )
