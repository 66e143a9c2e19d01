"""The four documents that Complere gives on request: what each is, holds and may be used for. Pure: no Django."""

from dataclasses import dataclass

from trust_center.documents.states import Classification, Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as the catalogue, the request form and the cover describe it."""

    kind: Kind
    title: str
    short: str
    area: str
    action: str
    summary: str
    holds: tuple[str, ...]
    classification: Classification
    needs_nda: bool
    file_name: str


CATALOGUE = {
    entry.kind: entry
    for entry in (
        Entry(
            kind=Kind.DPA,
            title="Data Processing Addendum",
            short="DPA",
            area="Privacy",
            action="Request DPA",
            summary="GDPR-aligned DPA including SCCs for international transfers and the current sub-processor list.",
            holds=(
                "The clauses of GDPR Art. 28(3)(a) to (h)",
                "A description of the processing and the technical and organisational measures",
                "The sub-processors in use on the day of the version",
                "The modules of the Standard Contractual Clauses that apply to transfers",
            ),
            classification=Classification.RESTRICTED,
            needs_nda=False,
            file_name="Complere-DPA",
        ),
        Entry(
            kind=Kind.SECURITY_OVERVIEW,
            title="Security overview",
            short="Security overview",
            area="Security",
            action="Request overview",
            summary=(
                "Summary of technical and organisational controls, suitable for inclusion in supplier risk assessments."
            ),
            holds=(
                "Every published commitment, with the rule behind it and how it is evidenced",
                "Encryption, access, isolation, audit trail, backups and change control",
                "Who is responsible for what: Complere, the hosting provider, the customer",
            ),
            classification=Classification.RESTRICTED,
            needs_nda=False,
            file_name="Complere-Security-Overview",
        ),
        Entry(
            kind=Kind.QUESTIONNAIRE,
            title="Security questionnaire response",
            short="Questionnaire response",
            area="Procurement",
            action="Request response",
            summary=(
                "Pre-filled responses to common questionnaires (CAIQ-style) on request; "
                "bespoke questionnaires accepted."
            ),
            holds=(
                "Answers to the questions that supplier assessments ask most",
                "For each answer the CCM control it belongs to and who owns the control",
                "What is not done yet, said as such",
            ),
            classification=Classification.CONFIDENTIAL,
            needs_nda=True,
            file_name="Complere-Questionnaire-Response",
        ),
        Entry(
            kind=Kind.SLA,
            title="Service Level Agreement",
            short="SLA",
            area="Commercial",
            action="Request SLA",
            summary="Uptime commitments, support response targets, and incident communication standards.",
            holds=(
                "Availability per month, how it is measured and what is owed when it is missed",
                "Support hours and response targets by severity",
                "What is said, when and to whom during an incident",
            ),
            classification=Classification.RESTRICTED,
            needs_nda=False,
            file_name="Complere-SLA",
        ),
    )
}

CLASSIFICATION_WORDS = {
    Classification.PUBLIC: "Public: may be shared freely.",
    Classification.RESTRICTED: "Restricted: for the requesting organisation and its advisers.",
    Classification.CONFIDENTIAL: "Confidential: for named readers under a non-disclosure agreement.",
}

# What may stand in a link to the request form besides the kinds themselves.
ALIASES = {
    "overview": Kind.SECURITY_OVERVIEW,
    "security": Kind.SECURITY_OVERVIEW,
    "questionnaire-response": Kind.QUESTIONNAIRE,
    "caiq": Kind.QUESTIONNAIRE,
}


@dataclass(frozen=True, slots=True)
class Severity:
    """One line of the support table; times as a customer reads them."""

    name: str
    meaning: str
    first_answer: str
    updates: str
    hours: str


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """Every figure of the SLA in one place; a change makes a new version of the document."""

    availability_percent: str
    measured_every_seconds: int
    maintenance_notice_business_days: int
    maintenance_hours_a_month: int
    credits: tuple[tuple[str, str], ...]
    credit_claim_days: int
    severities: tuple[Severity, ...]
    first_incident_notice_minutes: int
    report_business_days: int
    breach_target_hours: int
    breach_limit_hours: int
    recovery: tuple[tuple[str, str], ...]
    drill_days: int
    backup_days: int


SERVICE_LEVELS = ServiceLevels(
    availability_percent="99.9",
    measured_every_seconds=60,
    maintenance_notice_business_days=5,
    maintenance_hours_a_month=4,
    credits=(
        ("Below 99.9 % and at least 99.5 %", "5 %"),
        ("Below 99.5 % and at least 99.0 %", "10 %"),
        ("Below 99.0 %", "25 %"),
    ),
    credit_claim_days=30,
    severities=(
        Severity(
            "1 · Critical",
            "The service is down, or records can be lost or seen by others, for most people and with no way around it.",
            "1 hour",
            "every hour",
            "at all hours, every day",
        ),
        Severity(
            "2 · High",
            "A main function fails or is very slow, and no reasonable way around it exists.",
            "4 business hours",
            "every 4 business hours",
            "business hours",
        ),
        Severity(
            "3 · Normal",
            "A function fails in part, or fails while a reasonable way around it exists.",
            "1 business day",
            "every 3 business days",
            "business hours",
        ),
        Severity(
            "4 · Low",
            "A question, a wish, or a flaw that does not hinder work.",
            "2 business days",
            "on progress",
            "business hours",
        ),
    ),
    first_incident_notice_minutes=60,
    report_business_days=5,
    breach_target_hours=24,
    breach_limit_hours=72,
    recovery=(
        ("Recovery point", "At most 15 minutes of work are lost."),
        ("Recovery time", "The tenant is usable again within 4 hours of the decision to restore."),
        ("Point-in-time recovery", "To any moment of the last 35 days."),
        ("Copies", "Encrypted, in the region of the tenant, in an account apart from production."),
    ),
    drill_days=90,
    backup_days=35,
)
