from django.urls import path

from tenants.members.arrivals import views

urlpatterns = [
    path("<uuid:provider_id>/start/", views.start, name="sso-start"),
    path("arrived/", views.arrived, name="sso-arrived"),
]
