from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

# The desk of the directory; `urlpatterns` is the protocol itself.
desk: list[URLPattern] = []
