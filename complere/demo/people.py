"""The people and tenants of the demonstration. Their password is public: they exist in a demonstration only."""

from dataclasses import dataclass

PASSWORD = "a-calm-demo-passphrase"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    role: str
    job: str


@dataclass(frozen=True, slots=True)
class Customer:
    name: str
    host: str
    people: tuple[Person, ...]
    plan: str = "standard"


STAFF = (
    Person("Paula Admin", "platform@complere.example", "platform_admin", "Platform engineering lead"),
    Person("Theo Editor", "editor@complere.example", "trust_editor", "Trust and compliance manager"),
    Person("Lena Legal", "legal@complere.example", "legal", "Privacy counsel"),
    Person("Samir Security", "security@complere.example", "security_team", "Security engineer"),
    Person("Sofia Security", "security2@complere.example", "security_team", "Head of security"),
    Person("Suki Support", "support@complere.example", "support", "Customer support"),
    Person("Stan Auditor", "auditor@complere.example", "staff_auditor", "Internal auditor"),
)

CUSTOMERS = (
    Customer(
        "Acme Pharma",
        "acme.localhost",
        (
            Person("Anna Admin", "admin@acme.example", "tenant_admin", "Quality systems owner"),
            Person("Ben Privacy", "privacy@acme.example", "privacy_officer", "Data protection officer"),
            Person("Sina Security", "security@acme.example", "security_officer", "Information security officer"),
            Person("Mia Member", "member@acme.example", "member", "Laboratory manager"),
            Person("Aki Auditor", "auditor@acme.example", "auditor", "Internal auditor"),
        ),
        plan="enterprise",
    ),
    Customer(
        "Globex Biotech",
        "globex.localhost",
        (
            Person("Gina Admin", "admin@globex.example", "tenant_admin", "Head of quality"),
            Person("Gus Privacy", "privacy@globex.example", "privacy_officer", "Data protection officer"),
        ),
    ),
)
