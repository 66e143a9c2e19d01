"""The platform host: public pages, health, and the staff console under /console/."""

from django.urls import include, path

from audit.trail import urls as trail
from complere import health
from complere.urls import demo
from privacy.breach_notices import urls as breach_notices
from privacy.incidents import urls as incidents
from tenants.books import urls as books
from tenants.members.signing_rights import urls as signing_rights
from trust_center.document_requests import urls as document_requests
from trust_center.public_pages import urls as public_pages

console = [
    path("", include("tenants.members.accounts.urls")),
    path("", include("tenants.members.entrance.urls")),
    path("account/signing/", include("tenants.members.factors.urls")),
    path("account/signing/", include("tenants.members.signing_rights.urls")),
    path("people/", include("tenants.members.roles.urls")),
    path("people/", include("tenants.members.factor_resets.urls")),
    path("people/", include(signing_rights.desk)),
    path("contacts/", include("tenants.members.contacts.urls")),
    path("tenants/", include("tenants.console.urls")),
    path("history/", include("audit.trail.urls")),
    path("trail/", include(trail.trail)),
    path("trail/checks/", include("tenants.books.urls")),
    path("trail/entries/", include("audit.proofs.urls")),
    path("trail/access/", include("audit.access_log.urls")),
    path("trail/exports/", include("audit.export.urls")),
    path("trail/findings/", include("audit.reconciliation.urls")),
    path("requests/", include("privacy.subject_requests.urls")),
    path("requests/", include("privacy.handovers.urls")),
    path("incidents/", include("privacy.incidents.urls")),
    path("incidents/", include("privacy.authority_notices.urls")),
    path("incidents/", include("privacy.breach_register.urls")),
    path("incidents/", include(incidents.console)),
    path("incidents/", include(breach_notices.console)),
    path("content/", include("trust_center.claims.urls")),
    path("content/", include(public_pages.desk)),
    path("sub-processors/", include("trust_center.subprocessor_register.urls")),
    path("documents/", include("trust_center.documents.urls")),
    path("document-requests/", include("trust_center.document_answers.urls")),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("console/", include(console)),
    path("signatures/", include("tenants.members.signatures.urls")),
    path("signatures/", include("audit.signed_records.urls")),
    path("deadlines/", include("privacy.deadlines.urls")),
    path("data-request/", include("privacy.intake.urls")),
    *demo.urlpatterns(),
    path("documents/", include(document_requests.public)),
    *books.platform,
    *books.every_host,
    path("", include("trust_center.public_pages.urls")),
]

handler404 = "complere.refusals.not_found"
handler500 = "complere.refusals.failed"
