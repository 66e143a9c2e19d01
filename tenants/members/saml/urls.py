from django.urls import path

from tenants.members.saml import views

urlpatterns = [
    path("<uuid:provider_id>/start/", views.start, name="saml-start"),
    path("<uuid:provider_id>/metadata/", views.metadata, name="saml-metadata"),
    path("<uuid:provider_id>/acs/", views.acs, name="saml-acs"),
    path("<uuid:provider_id>/slo/", views.slo, name="saml-slo"),
    path("<uuid:provider_id>/keys/", views.keys, name="saml-keys"),
    path("signed-out/", views.signed_out, name="saml-signed-out"),
    path("leaving/<str:secret>/", views.leaving, name="saml-leaving"),
]
