"""Permissions and the roles that carry them. Pure: no framework. Deny by default.

A role is a class one can read: its name, what it is for, and what it may do. The same
names serve pages, tests and the authorization matrix.
"""

from typing import ClassVar, Final

PERMISSIONS: Final[dict[str, str]] = {
    "members.view_people": "see who works here",
    "members.manage_people": "invite people, change their roles, deactivate them",
    "members.manage_contacts": "keep the security and privacy contacts",
    "members.sign": "sign records electronically",
    "members.manage_access": "set how people and machines come in: identity providers, sign-in rules, tokens",
    "members.review_access": "review who may do what, and sign the review off",
    "audit.view_history": "read the history of records",
    "audit.export_trail": "take the audit trail away as a file",
    "privacy.view_requests": "see data-subject requests",
    "privacy.file_requests": "file a data-subject request",
    "privacy.work_requests": "assign, validate, answer and refuse data-subject requests",
    "privacy.hand_over_requests": "hand a data-subject request to the tenant that is its controller",
    "privacy.view_incidents": "see incidents and the breach register",
    "privacy.log_incidents": "log an incident",
    "privacy.work_incidents": "assess incidents and draft breach notices",
    "privacy.approve_notices": "approve a breach notice that another person drafted",
    "privacy.acknowledge_notices": "acknowledge a breach notice",
    "trust.view_content": "see drafts of the public pages",
    "trust.edit_content": "edit claims, sub-processors and documents",
    "trust.publish_content": "publish the public pages",
    "trust.publish_documents": "publish a document that another person prepared",
    "trust.view_document_requests": "see who asked for documents",
    "trust.answer_document_requests": "grant or refuse documents",
    "trust.request_documents": "ask Complere for documents on behalf of the tenant",
    "tenants.view_tenants": "see which tenants there are",
    "tenants.provision": "provision a tenant",
    "tenants.ask_to_enter": "ask to enter a tenant's workspace, for a reason and a time",
    "tenants.decide_on_entry": "decide on a colleague's request to enter a tenant's workspace",
}

# By the first word of a permission; in this order on every page.
GROUPS: Final[dict[str, str]] = {
    "members": "People, access and signing",
    "audit": "History and audit trail",
    "privacy": "Data-subject requests and incidents",
    "trust": "Trust Center",
    "tenants": "Tenants",
}
# Which permission opens the moves that take an electronic signature, by the record that moves (its `states.SIGNING`).
SIGNED: Final[dict[str, str]] = {
    "members.accessreview": "members.review_access",
    "privacy.notice": "privacy.approve_notices",
    "privacy.incident": "privacy.work_incidents",
    "privacy.subjectrequest": "privacy.work_requests",
    "trust_center.documentversion": "trust.publish_documents",
    "trust_center.statement": "trust.publish_content",
}


class Role:
    """A named set of permissions. `platform` roles exist only on the platform host."""

    key: ClassVar[str]
    name: ClassVar[str]
    purpose: ClassVar[str]
    platform: ClassVar[bool] = False
    permissions: ClassVar[frozenset[str]]


class TenantAdmin(Role):
    key = "tenant_admin"
    name = "Tenant admin"
    purpose = "Runs the workspace: people, contacts, requests and incidents."
    permissions = frozenset(
        {
            "members.view_people",
            "members.manage_people",
            "members.manage_contacts",
            "members.sign",
            "members.manage_access",
            "members.review_access",
            "audit.view_history",
            "audit.export_trail",
            "privacy.view_requests",
            "privacy.file_requests",
            "privacy.work_requests",
            "privacy.view_incidents",
            "privacy.log_incidents",
            "privacy.work_incidents",
            "privacy.approve_notices",
            "privacy.acknowledge_notices",
            "trust.request_documents",
        }
    )


class PrivacyOfficer(Role):
    key = "privacy_officer"
    name = "Privacy officer"
    purpose = "Works data-subject requests and answers for personal-data breaches."
    permissions = frozenset(
        {
            "members.view_people",
            "members.manage_contacts",
            "members.sign",
            "audit.view_history",
            "privacy.view_requests",
            "privacy.file_requests",
            "privacy.work_requests",
            "privacy.view_incidents",
            "privacy.log_incidents",
            "privacy.work_incidents",
            "privacy.approve_notices",
            "privacy.acknowledge_notices",
            "trust.request_documents",
        }
    )


class SecurityOfficer(Role):
    key = "security_officer"
    name = "Security officer"
    purpose = "Works incidents and keeps the security contact."
    permissions = frozenset(
        {
            "members.view_people",
            "members.manage_contacts",
            "members.sign",
            "audit.view_history",
            "privacy.view_incidents",
            "privacy.log_incidents",
            "privacy.work_incidents",
            "privacy.approve_notices",
            "privacy.acknowledge_notices",
            "trust.request_documents",
        }
    )


class Member(Role):
    key = "member"
    name = "Member"
    purpose = "Files data-subject requests and logs incidents."
    permissions = frozenset(
        {"privacy.file_requests", "privacy.view_requests", "privacy.log_incidents", "trust.request_documents"}
    )


class Auditor(Role):
    key = "auditor"
    name = "Auditor"
    purpose = "Reads everything, changes nothing."
    permissions = frozenset(
        {
            "members.view_people",
            "audit.view_history",
            "audit.export_trail",
            "privacy.view_requests",
            "privacy.view_incidents",
        }
    )


class PlatformAdmin(Role):
    key = "platform_admin"
    name = "Platform admin"
    purpose = "Provisions tenants and manages Complere's staff."
    platform = True
    permissions = frozenset(
        {
            "members.view_people",
            "members.manage_people",
            "members.manage_contacts",
            "members.sign",
            "members.manage_access",
            "members.review_access",
            "audit.view_history",
            "audit.export_trail",
            "tenants.view_tenants",
            "tenants.ask_to_enter",
            "tenants.decide_on_entry",
            "tenants.provision",
            "trust.view_content",
        }
    )


class TrustEditor(Role):
    key = "trust_editor"
    name = "Trust editor"
    purpose = "Writes and publishes the public pages."
    platform = True
    permissions = frozenset(
        {
            "members.sign",
            "audit.view_history",
            "trust.view_content",
            "trust.edit_content",
            "trust.publish_content",
            "trust.publish_documents",
            "trust.view_document_requests",
        }
    )


class Legal(Role):
    key = "legal"
    name = "Legal"
    purpose = "Approves what is published, answers document requests and Complere's own data-subject requests."
    platform = True
    permissions = frozenset(
        {
            "members.sign",
            "audit.view_history",
            "trust.view_content",
            "trust.publish_content",
            "trust.publish_documents",
            "trust.view_document_requests",
            "trust.answer_document_requests",
            "privacy.view_requests",
            "privacy.file_requests",
            "privacy.work_requests",
            "privacy.hand_over_requests",
            "privacy.view_incidents",
            "privacy.approve_notices",
        }
    )


class SecurityTeam(Role):
    key = "security_team"
    name = "Security team"
    purpose = "Logs incidents and sends breach notices."
    platform = True
    permissions = frozenset(
        {
            "members.manage_contacts",
            "members.sign",
            "audit.view_history",
            "privacy.view_incidents",
            "privacy.log_incidents",
            "privacy.work_incidents",
            "privacy.approve_notices",
            "tenants.view_tenants",
            "tenants.ask_to_enter",
            "tenants.decide_on_entry",
        }
    )


class Support(Role):
    key = "support"
    name = "Support"
    purpose = "Takes data-subject requests and hands them to the tenant that is the controller."
    platform = True
    permissions = frozenset(
        {
            "privacy.view_requests",
            "privacy.file_requests",
            "privacy.hand_over_requests",
            "privacy.log_incidents",
            "trust.view_document_requests",
            "tenants.view_tenants",
            "tenants.ask_to_enter",
        }
    )


class StaffAuditor(Role):
    key = "staff_auditor"
    name = "Staff auditor"
    purpose = "Reads Complere's own records, changes nothing."
    platform = True
    permissions = frozenset(
        {
            "members.view_people",
            "audit.view_history",
            "audit.export_trail",
            "privacy.view_requests",
            "privacy.view_incidents",
            "tenants.view_tenants",
            "trust.view_content",
            "trust.view_document_requests",
        }
    )


ROLES: Final[dict[str, type[Role]]] = {
    role.key: role
    for role in (
        TenantAdmin,
        PrivacyOfficer,
        SecurityOfficer,
        Member,
        Auditor,
        PlatformAdmin,
        TrustEditor,
        Legal,
        SecurityTeam,
        Support,
        StaffAuditor,
    )
}


def of_schema(*, platform: bool) -> list[type[Role]]:
    """The roles that can be given on the platform, or in a tenant."""
    return [role for role in ROLES.values() if role.platform == platform]


def carrying(permission: str, *, platform: bool) -> list[str]:
    """Keys of the roles that carry `permission`."""
    return [role.key for role in of_schema(platform=platform) if permission in role.permissions]


def permissions_of(*, platform: bool) -> dict[str, str]:
    """What any role of the platform, or of a tenant, may carry at all, with its sentence."""
    carried = frozenset[str]().union(*(role.permissions for role in of_schema(platform=platform)))
    return {key: sentence for key, sentence in PERMISSIONS.items() if key in carried}


def group_of(permission: str) -> str:
    """The heading under which a permission stands."""
    return GROUPS[permission.partition(".")[0]]


# What a tenant may put into a role of its own; all else is Complere's.
FOR_TENANTS: Final = frozenset(permissions_of(platform=False))
