"""A tenant's own host: the workspace, and the form for its data subjects."""

from django.urls import include, path

from audit.trail import urls as trail
from complere.urls import demo
from privacy.breach_notices import urls as breach_notices
from tenants.books import urls as books
from tenants.members.signing_rights import urls as signing_rights
from trust_center.document_requests import urls as document_requests
from trust_center.public_pages import urls as public_pages

urlpatterns = [
    path("", include("tenants.members.accounts.urls")),
    path("", include("tenants.members.entrance.urls")),
    path("account/signing/", include("tenants.members.factors.urls")),
    path("account/signing/", include("tenants.members.signing_rights.urls")),
    path("people/", include("tenants.members.roles.urls")),
    path("people/", include("tenants.members.factor_resets.urls")),
    path("people/", include(signing_rights.desk)),
    path("contacts/", include("tenants.members.contacts.urls")),
    path("history/", include("audit.trail.urls")),
    path("trail/", include(trail.trail)),
    path("trail/checks/", include("tenants.books.urls")),
    path("trail/entries/", include("audit.proofs.urls")),
    path("trail/access/", include("audit.access_log.urls")),
    path("trail/exports/", include("audit.export.urls")),
    path("trail/findings/", include("audit.reconciliation.urls")),
    path("signatures/", include("tenants.members.signatures.urls")),
    path("signatures/", include("audit.signed_records.urls")),
    path("deadlines/", include("privacy.deadlines.urls")),
    path("requests/", include("privacy.subject_requests.urls")),
    path("data-request/", include("privacy.intake.urls")),
    path("incidents/", include("privacy.incidents.urls")),
    path("incidents/", include("privacy.authority_notices.urls")),
    path("incidents/", include("privacy.breach_register.urls")),
    path("incidents/", include(breach_notices.tenant)),
    path("documents/", include(document_requests.tenant)),
    *books.every_host,
    *demo.urlpatterns(),
    *public_pages.every_host,
]

handler404 = "complere.refusals.not_found"
handler500 = "complere.refusals.failed"
