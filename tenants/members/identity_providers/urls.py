from django.urls import path

from tenants.members.identity_providers import views

urlpatterns = [
    path("", views.providers, name="identity-providers"),
    path("new/", views.begin, name="identity-provider-new"),
    path("<uuid:pk>/", views.provider, name="identity-provider"),
    path("<uuid:pk>/name/", views.rename, name="identity-provider-name"),
    path("<uuid:pk>/issuer/", views.issuer, name="identity-provider-issuer"),
    path("<uuid:pk>/client/", views.client, name="identity-provider-client"),
    path("<uuid:pk>/metadata/", views.metadata, name="identity-provider-metadata"),
    path("<uuid:pk>/choices/", views.choices, name="identity-provider-choices"),
    path("<uuid:pk>/mapping/", views.mapping, name="identity-provider-mapping"),
    path("<uuid:pk>/rules/", views.rules, name="identity-provider-rules"),
    path("<uuid:pk>/activate/", views.activate, name="identity-provider-activate"),
    path("<uuid:pk>/switch-off/", views.switch_off, name="identity-provider-switch-off"),
]
