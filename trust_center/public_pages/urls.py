"""The public site. `every_host` is served on tenant hosts too, `desk` under /console/content/."""

from django.urls import include, path

from trust_center.public_pages import views
from trust_center.updates import urls as updates

every_host = [
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path("security.txt", views.security_txt, name="security-txt-legacy"),
]

desk = [
    path("preview/<slug:page>/", views.preview, name="preview-content"),
]

urlpatterns = [
    path("", views.trust_center, name="trust-center"),
    path("compliance/", views.compliance, name="compliance"),
    path("sub-processors/", views.sub_processors, name="sub-processors"),
    path("sub-processors/editions/<int:number>.json", views.edition_json, name="register-edition"),
    path("sub-processors/", include(updates.public)),
    path("business-day/", views.business_day, name="business-day"),
    path("changes/", views.changes, name="changes"),
    path("changes.atom", views.feed, name="feed"),
    path("privacy/", views.privacy_notice, name="privacy-notice"),
    path("disclosure-policy/", views.disclosure_policy, name="disclosure-policy"),
    path("claims.json", views.claims_json, name="claims-json"),
    path("subprocessors.json", views.subprocessors_json, name="subprocessors-json"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    *every_host,
]
