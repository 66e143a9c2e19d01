from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

# Where a member of staff arrives with a ticket.
door: list[URLPattern] = []
