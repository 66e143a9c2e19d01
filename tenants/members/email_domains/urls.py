from django.urls import path

from tenants.members.email_domains import views

urlpatterns = [
    path("", views.domains, name="email-domains"),
    path("add/", views.add, name="email-domain-add"),
    path("<str:domain>/check/", views.check, name="email-domain-check"),
    path("<str:domain>/remove/", views.remove, name="email-domain-remove"),
]
