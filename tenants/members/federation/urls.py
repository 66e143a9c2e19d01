from django.urls import path

from tenants.members.federation import views

urlpatterns = [
    path("", views.identities, name="identities"),
    path("<uuid:provider_id>/unlink/", views.unlink, name="identity-unlink"),
]
