"""The rights of GDPR Art. 15 to 22 and 7(3) in plain words: what answers must hold, why one may be refused. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

# Sent twice within this time, by the same address and of the same type, is one request.
SAME_REQUEST_WITHIN = timedelta(minutes=15)


class Right(StrEnum):
    """What the person asks for."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    RECIPIENTS = "recipients"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    AUTOMATED = "automated"
    CONSENT = "consent"


class Channel(StrEnum):
    """How the request came in."""

    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    IN_PERSON = "in_person"
    WEB_FORM = "web_form"
    COMPLERE = "complere"
    OTHER = "other"


class Relation(StrEnum):
    """What the person is to the controller."""

    EMPLOYEE = "employee"
    APPLICANT = "applicant"
    CUSTOMER = "customer"
    PATIENT = "patient"
    SUPPLIER = "supplier"
    VISITOR = "visitor"
    OTHER = "other"


class Check(StrEnum):
    """How somebody made sure that the person is who they say."""

    ADDRESS = "address"
    ACCOUNT = "account"
    CALLBACK = "callback"
    KNOWN_FACTS = "known_facts"
    MANDATE = "mandate"
    DOCUMENT = "document"
    OTHER = "other"


CHANNELS = {
    Channel.EMAIL: "E-mail",
    Channel.LETTER: "Letter",
    Channel.PHONE: "Telephone",
    Channel.IN_PERSON: "In person",
    Channel.WEB_FORM: "Public request form",
    Channel.COMPLERE: "Complere support",
    Channel.OTHER: "Another way",
}
RELATIONS = {
    Relation.EMPLOYEE: "Employee, present or former",
    Relation.APPLICANT: "Job applicant",
    Relation.CUSTOMER: "Customer, or works for one",
    Relation.PATIENT: "Patient or trial participant",
    Relation.SUPPLIER: "Supplier, or works for one",
    Relation.VISITOR: "Visitor of a website or site",
    Relation.OTHER: "Something else",
}
CHECKS = {
    Check.ADDRESS: "The person answered from the address that we hold",
    Check.ACCOUNT: "The person signed in to the account concerned",
    Check.CALLBACK: "We called back on a number that we hold",
    Check.KNOWN_FACTS: "The person named facts that only they can know",
    Check.MANDATE: "A representative showed a written mandate",
    Check.DOCUMENT: "An identity document was seen, because nothing milder would do",
    Check.OTHER: "Another check",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One part that an answer must hold, or say why it does not apply (DSR-30)."""

    key: str
    label: str
    rule: str


@dataclass(frozen=True, slots=True)
class Type:
    """One right: its article, its name, what it means to the person, and what an answer holds (DSR-20 to DSR-28)."""

    right: Right
    article: str
    name: str
    plain: str
    items: tuple[Item, ...]


_RECIPIENTS = Item("recipients", "Each recipient of the data was told", "Art. 19")

TYPES: dict[Right, Type] = {
    each.right: each
    for each in (
        Type(
            Right.ACCESS,
            "Art. 15",
            "Access",
            "Learn whether data about me are held, and receive a copy of them.",
            (
                Item("copy", "Confirmation, and a copy of the data", "Art. 15(1), 15(3)"),
                Item("a", "Purposes of the processing", "Art. 15(1)(a)"),
                Item("b", "Categories of personal data", "Art. 15(1)(b)"),
                Item("c", "Recipients or categories of recipients", "Art. 15(1)(c)"),
                Item("d", "Storage period, or what decides it", "Art. 15(1)(d)"),
                Item("e", "Rights to rectify, erase, restrict and object", "Art. 15(1)(e)"),
                Item("f", "Right to complain to a supervisory authority", "Art. 15(1)(f)"),
                Item("g", "Source of data that the person did not give", "Art. 15(1)(g)"),
                Item("h", "Automated decisions and their logic", "Art. 15(1)(h)"),
                Item("transfers", "Safeguards for transfers to third countries", "Art. 15(2)"),
            ),
        ),
        Type(
            Right.RECTIFICATION,
            "Art. 16",
            "Rectification",
            "Have wrong data about me corrected, or incomplete data completed.",
            (Item("corrected", "Data corrected, or a supplementary statement added", "Art. 16"), _RECIPIENTS),
        ),
        Type(
            Right.ERASURE,
            "Art. 17",
            "Erasure",
            "Have data about me deleted.",
            (
                Item("erased", "Data erased or made anonymous, at processors too", "Art. 17(1)"),
                Item("published", "Other controllers told, where the data were made public", "Art. 17(2)"),
                _RECIPIENTS,
            ),
        ),
        Type(
            Right.RESTRICTION,
            "Art. 18",
            "Restriction",
            "Have data about me kept, but not used, while a question is open.",
            (
                Item("restricted", "Data marked: stored and not otherwise used", "Art. 18(1), 18(2)"),
                Item("lifting", "Person told that they will hear before it is lifted", "Art. 18(3)"),
                _RECIPIENTS,
            ),
        ),
        Type(
            Right.RECIPIENTS,
            "Art. 19",
            "Recipients told",
            "Learn who was told of a correction, deletion or restriction of my data.",
            (Item("list", "Names of the recipients who were told", "Art. 19"),),
        ),
        Type(
            Right.PORTABILITY,
            "Art. 20",
            "Portability",
            "Receive the data that I gave in a machine-readable form, or have them sent to somebody else.",
            (
                Item("file", "Data in a structured, machine-readable format", "Art. 20(1)"),
                Item("direct", "Data sent directly to another controller, where asked", "Art. 20(2)"),
                Item("others", "Nothing in it harms the rights of others", "Art. 20(4)"),
            ),
        ),
        Type(
            Right.OBJECTION,
            "Art. 21",
            "Objection",
            "Object to a use of data about me, for example for marketing.",
            (
                Item("stopped", "Processing stopped", "Art. 21(1)"),
                Item("marketing", "Direct marketing stopped", "Art. 21(3)"),
            ),
        ),
        Type(
            Right.AUTOMATED,
            "Art. 22",
            "Automated decision",
            "Have a person look at a decision that a machine made about me.",
            (
                Item("review", "A person reviewed the decision", "Art. 22(3)"),
                Item("view", "The person's point of view was heard", "Art. 22(3)"),
                Item("contest", "The outcome and how to contest it were explained", "Art. 22(3)"),
            ),
        ),
        Type(
            Right.CONSENT,
            "Art. 7(3)",
            "Withdrawal of consent",
            "Take back a consent that I gave.",
            (Item("stopped", "Processing that rested on the consent stopped", "Art. 7(3)"),),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Why the law lets a controller refuse. `needs_evidence`: the burden of proof is the controller's (DSR-10)."""

    key: str
    label: str
    rule: str
    rights: frozenset[Right]
    needs_evidence: bool = False


_ALL = frozenset(Right)

GROUNDS: dict[str, Ground] = {
    each.key: each
    for each in (
        Ground("unfounded", "Manifestly unfounded", "Art. 12(5)(b)", _ALL, needs_evidence=True),
        Ground("excessive", "Excessive, above all because it is repeated", "Art. 12(5)(b)", _ALL, needs_evidence=True),
        Ground("identity", "The person did not show who they are", "Art. 12(2), 12(6)", _ALL, needs_evidence=True),
        Ground(
            "others", "Rights and freedoms of others", "Art. 15(4), 20(4)", frozenset({Right.ACCESS, Right.PORTABILITY})
        ),
        Ground("accurate", "The data are accurate and complete", "Art. 16", frozenset({Right.RECTIFICATION})),
        Ground("no_ground", "None of the grounds for erasure applies", "Art. 17(1)", frozenset({Right.ERASURE})),
        Ground("expression", "Freedom of expression and information", "Art. 17(3)(a)", frozenset({Right.ERASURE})),
        Ground("legal_duty", "A legal duty to keep the data", "Art. 17(3)(b)", frozenset({Right.ERASURE})),
        Ground("health", "Public interest in public health", "Art. 17(3)(c)", frozenset({Right.ERASURE})),
        Ground("archive", "Archive, research or statistics", "Art. 17(3)(d)", frozenset({Right.ERASURE})),
        Ground("claims", "Legal claims", "Art. 17(3)(e), 21(1)", frozenset({Right.ERASURE, Right.OBJECTION})),
        Ground("no_case", "None of the cases for restriction applies", "Art. 18(1)", frozenset({Right.RESTRICTION})),
        Ground(
            "impossible",
            "Telling the recipients is impossible or disproportionate",
            "Art. 19",
            frozenset({Right.RECIPIENTS}),
        ),
        Ground(
            "basis", "Not based on consent or contract, or not automated", "Art. 20(1)", frozenset({Right.PORTABILITY})
        ),
        Ground("compelling", "Compelling legitimate grounds", "Art. 21(1)", frozenset({Right.OBJECTION})),
        Ground(
            "allowed",
            "Needed for a contract, allowed by law, or consented to",
            "Art. 22(2)",
            frozenset({Right.AUTOMATED}),
        ),
        Ground("not_ours", "We hold no such data, or another controller does", "Art. 12(4)", _ALL),
        Ground("law", "A restriction by national law", "Art. 23", _ALL),
    )
}


def grounds(right: str) -> list[Ground]:
    """The grounds on which a request of this type may be refused."""
    return [ground for ground in GROUNDS.values() if right in ground.rights]
