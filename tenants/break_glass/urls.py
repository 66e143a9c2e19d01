from django.urls import path

from tenants.break_glass import views

urlpatterns = [
    path("", views.entries, name="entries"),
    path("ask/", views.ask, name="entry-ask"),
    path("<uuid:pk>/", views.entry, name="entry"),
    path("<uuid:pk>/approve/", views.approve, name="entry-approve"),
    path("<uuid:pk>/refuse/", views.refuse, name="entry-refuse"),
    path("<uuid:pk>/enter/", views.enter, name="entry-enter"),
    path("<uuid:pk>/give-back/", views.give_back, name="entry-give-back"),
]
