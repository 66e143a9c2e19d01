from django.urls import path

from tenants.members.staff_entries import views

urlpatterns = [
    path("", views.entries, name="staff-entries"),
    path("<uuid:pk>/", views.entry, name="staff-entry"),
    path("<uuid:pk>/end/", views.end, name="staff-entry-end"),
]

# Where a member of staff arrives with a ticket, and goes.
door = [
    path("enter/<str:token>/", views.enter, name="staff-enter"),
    path("leave/", views.leave, name="staff-leave"),
]
