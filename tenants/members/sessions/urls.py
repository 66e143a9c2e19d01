from django.urls import path

from tenants.members.sessions import views

urlpatterns = [
    path("", views.own, name="own-sessions"),
    path("end/", views.end_one, name="session-end"),
    path("end-others/", views.end_others, name="sessions-end-others"),
]

people = [path("<uuid:pk>/end-sessions/", views.end_of_person, name="person-sessions-end")]
