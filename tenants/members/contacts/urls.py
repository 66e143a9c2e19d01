from django.urls import path

from tenants.members.contacts import views

urlpatterns = [
    path("", views.contacts, name="contacts"),
    path("confirmed/", views.confirmed, name="contact-confirmed"),
    path("confirm/<str:token>/", views.confirm, name="contact-confirm"),
    path("<slug:kind>/", views.edit, name="contact-edit"),
    path("<slug:kind>/ask-again/", views.ask_again, name="contact-ask-again"),
]
