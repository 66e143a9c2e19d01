from django.urls import path

from tenants.members.signatures import views

urlpatterns = [
    path("challenge/", views.signing_challenge, name="signing-challenge"),
    path("return/", views.signing_return, name="signing-return"),
]
