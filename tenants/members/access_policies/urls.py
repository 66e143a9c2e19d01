from django.urls import path

from tenants.members.access_policies import views

urlpatterns = [
    path("", views.hub, name="access"),
    path("rules/", views.rules, name="access-rules"),
]
