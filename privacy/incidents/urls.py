from django.urls import URLPattern, path

from privacy.incidents import views

# On both hosts: what one's own schema knows.
urlpatterns: list[URLPattern] = [
    path("", views.listing, name="incidents"),
    path("log/", views.log, name="log-incident"),
    path("<uuid:pk>/", views.detail, name="incident"),
    path("<uuid:pk>/logged/", views.logged, name="incident-logged"),
    path("<uuid:pk>/facts/", views.facts, name="incident-facts"),
    path("<uuid:pk>/confirm/", views.confirm, name="incident-confirm"),
    path("<uuid:pk>/awareness/", views.earlier, name="incident-awareness"),
    path("<uuid:pk>/step/<slug:slug>/", views.take_step, name="incident-step"),
]

# On the platform: only Complere's team says which customers are affected.
console: list[URLPattern] = [
    path("<uuid:pk>/tenants/", views.add_tenants, name="incident-tenants"),
    path("<uuid:pk>/tenants/<uuid:row>/", views.tenant_facts, name="incident-tenant"),
    path("<uuid:pk>/tenants/<uuid:row>/remove/", views.remove_tenant, name="incident-tenant-remove"),
]
