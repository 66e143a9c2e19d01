"""The platform host: public pages, health, and the staff console under /console/."""

from django.urls import include, path

from complere import health
from complere.urls import demo
from privacy.breach_notices import urls as breach_notices
from privacy.incidents import urls as incidents
from tenants.books import urls as books
from tenants.browser_reports import urls as browser_reports
from trust_center.document_requests import urls as document_requests
from trust_center.public_pages import urls as public_pages

console = [
    path("", include("complere.urls.desk")),
    path("tenants/", include("tenants.console.urls")),
    path("entries/", include("tenants.break_glass.urls")),
    path("browser-reports/", include("tenants.browser_reports.urls")),
    path("requests/", include("privacy.handovers.urls")),
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
    *browser_reports.every_host,
    path("", include("trust_center.public_pages.urls")),
]

handler404 = "complere.refusals.not_found"
handler500 = "complere.refusals.failed"
