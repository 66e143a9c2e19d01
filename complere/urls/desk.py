"""What console and workspace share: people, how they come in, and the trail."""

from django.urls import URLPattern, URLResolver, include, path

from audit.trail import urls as trail
from tenants.members.api_tokens import urls as api_tokens
from tenants.members.roles import urls as roles
from tenants.members.scim import urls as scim
from tenants.members.sessions import urls as sessions
from tenants.members.signing_rights import urls as signing_rights
from tenants.members.staff_entries import urls as staff_entries

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tenants.members.entrance.urls")),
    path("", include("tenants.members.accounts.urls")),
    path("account/sessions/", include("tenants.members.sessions.urls")),
    path("account/identities/", include("tenants.members.federation.urls")),
    path("account/signing/", include("tenants.members.factors.urls")),
    path("account/signing/", include("tenants.members.signing_rights.urls")),
    path("people/", include("tenants.members.roles.urls")),
    path("people/", include("tenants.members.factor_resets.urls")),
    path("people/", include(signing_rights.desk)),
    path("people/", include(sessions.people)),
    path("people/reviews/", include("tenants.members.access_reviews.urls")),
    path("access/", include("tenants.members.access_policies.urls")),
    path("access/providers/", include("tenants.members.identity_providers.urls")),
    path("access/domains/", include("tenants.members.email_domains.urls")),
    path("access/tokens/", include("tenants.members.api_tokens.urls")),
    path("sso/", include("tenants.members.arrivals.urls")),
    path("sso/oidc/", include("tenants.members.oidc.urls")),
    path("sso/saml/", include("tenants.members.saml.urls")),
    path("contacts/", include("tenants.members.contacts.urls")),
    path("history/", include("audit.trail.urls")),
    path("trail/", include(trail.trail)),
    path("trail/checks/", include("tenants.books.urls")),
    path("trail/entries/", include("audit.proofs.urls")),
    path("trail/access/", include("audit.access_log.urls")),
    path("trail/exports/", include("audit.export.urls")),
    path("trail/findings/", include("audit.reconciliation.urls")),
    path("requests/", include("privacy.subject_requests.urls")),
    path("incidents/", include("privacy.incidents.urls")),
    path("incidents/", include("privacy.authority_notices.urls")),
    path("incidents/", include("privacy.breach_register.urls")),
]

# What only a tenant has: roles and machines of its own, and visits of Complere's staff.
tenant: list[URLPattern | URLResolver] = [
    path("people/", include(roles.tenant)),
    path("access/directory/", include(scim.desk)),
    path("access/staff/", include("tenants.members.staff_entries.urls")),
    path("staff/", include(staff_entries.door)),
    path("scim/v2/", include("tenants.members.scim.urls")),
    path("api/v1/", include(api_tokens.api)),
]
